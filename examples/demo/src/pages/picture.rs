//! The picture of a sealed value.

use maud::{Markup, html};

use crate::anatomy::{Anatomy, Field};

/// The value as a bar, and a legend of its fields.
pub(super) fn picture(value: &Anatomy) -> Markup {
    let widths = Field::ALL.map(|field| width(value, field));
    let total: usize = widths.iter().sum();
    let mut x = 0;
    let parts: Vec<_> = Field::ALL
        .into_iter()
        .zip(widths)
        .map(|(field, width)| {
            let part = (field, x, width);
            x += width;
            part
        })
        .collect();
    html! {
        figure.anatomy {
            svg viewBox={ "0 0 " (total) " 44" } role="img" aria-label="The cookie’s value as a bar of five fields: version, key id, nonce, ciphertext, tag. The list below describes them." preserveAspectRatio="none" {
                @for (field, x, width) in &parts {
                    rect class={ "f-" (letter(*field)) } x=(x) y="0" width=(width - 3) height="44" rx="3" {}
                    text x=(x + (width - 3) / 2) y="29" text-anchor="middle" { (letter(*field).to_uppercase()) }
                }
            }
            dl {
                @for field in Field::ALL {
                    @let (hex, hidden) = value.hex(field);
                    dt { span class={ "key f-" (letter(field)) } aria-hidden="true" { (letter(field).to_uppercase()) } " " (name(field)) }
                    dd {
                        (bytes(value.range(field).len())) ": " code { (hex) @if hidden > 0 { " …" } }
                        small { (purpose(field)) }
                    }
                }
            }
            figcaption {
                (value.len()) " bytes, " ((value.len() * 4).div_ceil(3)) " characters of base64url. Of ciphertext and tag only the beginning is shown: whoever has the whole value has the session, and a page is read by more than its visitor."
            }
        }
    }
}

/// Units of the picture: a byte is two, but the short fields need room for their letter.
fn width(value: &Anatomy, field: Field) -> usize {
    (value.range(field).len() * 2).clamp(30, 300) + 3
}

fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

fn letter(field: Field) -> &'static str {
    match field {
        Field::Version => "v",
        Field::KeyId => "k",
        Field::Nonce => "n",
        Field::Ciphertext => "c",
        Field::Tag => "t",
    }
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Version => "Version",
        Field::KeyId => "Key id",
        Field::Nonce => "Nonce",
        Field::Ciphertext => "Ciphertext",
        Field::Tag => "Tag",
    }
}

fn purpose(field: Field) -> &'static str {
    match field {
        Field::Version => "of the format",
        Field::KeyId => "which key of the ring opens it, so that keys can change",
        Field::Nonce => "drawn afresh for every value, so that no two are alike",
        Field::Ciphertext => "times, ids and your data as JSON: noise without the key",
        Field::Tag => {
            "fails where a single bit was changed, and where the cookie’s name is another"
        }
    }
}
