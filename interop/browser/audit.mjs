// What every page is held to, whichever browser shows it: no finding of axe, borders that can be
// told from what is around them, nothing that sticks out at the side; and pictures for people to look at.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** CSS pixels. Pictures are of the wide page and of a phone's; the narrowest is that of WCAG 1.4.10. */
const [NARROWEST, PHONE, DESK] = [320, 390, 1280];

export async function audit(visitor, name, { folder }) {
  mkdirSync(folder, { recursive: true });
  for (const width of [NARROWEST, PHONE, DESK]) {
    await visitor.resize(width, 800);
    const { shown, overflow, bar, links } = await visitor.run(LAYOUT);
    assert.equal(shown, width, 'the browser shows another width');
    assert.ok(overflow <= 0, `${name} is ${overflow} px too wide for ${width} px`);
    assert.ok(bar, `${name}: who the visitor is does not fit beside the name of the shop at ${width} px`);
    assert.ok(links, `${name}: the links of the header are in more than a row at ${width} px`);
    if (width !== NARROWEST) await visitor.shoot(`${folder}/${name}-${width}.png`);
  }
  assert.deepEqual(await visitor.run(FINDINGS), [], `${name}: axe`);
  assert.deepEqual(await visitor.run(FAINT), [], `${name}: borders`);
}

const LAYOUT = `() => {
  const boxes = (css) => [...document.querySelectorAll(css)].map((each) => each.getBoundingClientRect());
  // What stands in one row is centred on it, one thing ends before the next begins, and none is squeezed to nothing.
  const isRow = (boxes) => boxes.every((box, index) => {
    const before = boxes[index - 1];
    return box.width > 20 && (!before || (Math.abs(box.top + box.bottom - before.top - before.bottom) <= 4 && box.left >= before.right));
  });
  const { scrollWidth, clientWidth } = document.documentElement;
  return {
    shown: innerWidth,
    overflow: scrollWidth - clientWidth,
    bar: isRow(boxes('header .brand, header .visitor > *')),
    links: isRow(boxes('header nav a')),
  };
}`;

// The source is a part of the script: the page's policy lets it evaluate no text.
const FINDINGS = `async () => {
  ${axe};
  const results = await window.axe.run(document, { resultTypes: ['violations'] });
  return results.violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | '));
}`;

/** Borders and filled controls with less than 3 : 1 beside what is around them. */
const FAINT = `() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((each) => {
      const c = each / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const around = (element) => {
    for (let each = element.parentElement; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return parse('rgb(255, 255, 255)');
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || ['checkbox', 'radio', 'hidden'].includes(element.type)) continue;
    const outside = around(element);
    for (const side of ['Top', 'Right', 'Bottom', 'Left']) {
      const colour = parse(style['border' + side + 'Color']);
      if (parseFloat(style['border' + side + 'Width']) === 0 || style['border' + side + 'Style'] === 'none' || colour.a === 0) continue;
      const found = contrast(colour, outside);
      if (found < 3) faint.push(element.tagName + '.' + element.className + ' border ' + found.toFixed(2));
    }
    const fill = parse(style.backgroundColor);
    if (element.matches('button, .button, .badge') && fill.a === 1 && parseFloat(style.borderTopWidth) >= 0 && parse(style.borderTopColor).a === 0) {
      const found = contrast(fill, outside);
      if (found < 3) faint.push(element.tagName + ' fill ' + found.toFixed(2));
    }
  }
  return [...new Set(faint)];
}`;
