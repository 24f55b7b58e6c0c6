// Every page works without this. It mends what no header reaches.
'use strict';

// Some browsers keep a page as it was left and show it on "back" though it says `no-store`
// (WebKit does so over plain HTTP): somebody else's, after a sign-out.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

// Another tab has changed the theme. Its cookie is one that scripts may read.
addEventListener('visibilitychange', () => {
  const theme = /(?:^|; )theme=(system|light|dark)(?:;|$)/.exec(document.cookie);
  if (theme) document.documentElement.dataset.theme = theme[1];
});
