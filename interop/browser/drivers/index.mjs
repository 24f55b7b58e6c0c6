// The browsers that the walk is for. A driver has
//
//     visitor()               somebody with a fresh cookie store
//     lasting()               the same with a profile, and `restart()`
//     close()
//
// and a visitor
//
//     goto, reload, back, url
//     run(script, ...args)    the text of a function, run in the page; may be async
//     click(xpath), type(xpath, text), press(key)
//     cookies(), setCookie()  the browser's own store, HttpOnly cookies included
//     tabs(), tab(), newTab(), toTab(tab)
//     resize(width, height), shoot(path)
//     failures                what the browser complained of, where it tells
//     close()
import * as chromium from './chromium.mjs';
import * as webdriver from './webdriver.mjs';

export function launch(name) {
  return name === 'chromium' ? chromium.launch() : webdriver.launch(name);
}
