//! A visitor's browser, by plain HTTP to one server.

use std::{error::Error, time::Duration};

use reqwest::Client;
use tokio::time::{Instant, sleep};

pub(crate) struct Browser {
    client: Client,
    server: String,
}

impl Browser {
    pub(crate) fn at(server: &str) -> Result<Self, Box<dyn Error>> {
        let client = Client::builder().cookie_store(true).build()?;
        Ok(Self { client, server: server.to_owned() })
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<(), Box<dyn Error>> {
        let url = format!("{}{path}", self.server);
        self.client.post(url).form(form).send().await?.error_for_status()?;
        Ok(())
    }

    pub(crate) async fn sign_in(&self, user: &str, password: &str) -> Result<(), Box<dyn Error>> {
        self.post("/login", &[("user", user), ("password", password)]).await
    }

    /// The page shows this, if not at once then as soon as this server has heard.
    pub(crate) async fn expect(&self, page: &str) -> Result<(), Box<dyn Error>> {
        let begin = Instant::now();
        loop {
            let shown = self.client.get(&self.server).send().await?.text().await?;
            if shown == page {
                println!("    {}: {page}, after {:?}", self.server, begin.elapsed());
                return Ok(());
            }
            if begin.elapsed() > Duration::from_secs(5) {
                return Err(format!("{} shows {shown:?}, not {page:?}", self.server).into());
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}
