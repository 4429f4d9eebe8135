/** Markdown as HTML: elements and their classes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderMarkdown } from '#text/markdown.ts'

const renders = (name: string, raw: string, html: string) => test(name, () => assert.equal(renderMarkdown(raw), html))
const inParagraph = (html: string) => `<p class="op-uc-p">${html}</p>`

describe('blocks', () => {
  renders('an empty text has an empty result', '', '')
  renders('blank lines have an empty result', ' \n\n \t\n', '')
  renders('a paragraph, without a line end after it', 'Hello\n', '<p class="op-uc-p">Hello</p>')
  renders('two paragraphs', 'one\n\ntwo', '<p class="op-uc-p">one</p>\n<p class="op-uc-p">two</p>')
  renders('a forced line break', 'one  \ntwo', inParagraph('one<br />\ntwo'))
  for (const level of [1, 2, 3, 4, 5, 6])
    renders(`a heading of level ${level}`, `${'#'.repeat(level)} Title`, `<h${level} class="op-uc-h${level}">Title</h${level}>`)
  renders('a quote', '> said', '<blockquote class="op-uc-blockquote">\n<p class="op-uc-p">said</p>\n</blockquote>')
  renders('a rule', '---', '<hr />')
  renders('indented code', '    a < b', '<pre class="op-uc-code-block"><code>a &lt; b\n</code></pre>')
  renders('fenced code', '```\n*a*\n```', '<pre class="op-uc-code-block"><code>*a*\n</code></pre>')
  renders('code with a language', '```js\n1\n```', '<pre class="op-uc-code-block" lang="js"><code>1\n</code></pre>')
  renders('code with an odd language', '```"x\n1\n```', '<pre class="op-uc-code-block"><code>1\n</code></pre>')
})

describe('lists', () => {
  renders(
    'a bullet list',
    '- a\n- b',
    '<ul class="op-uc-list">\n<li class="op-uc-list--item">a</li>\n<li class="op-uc-list--item">b</li>\n</ul>',
  )
  renders(
    'a numbered list and its first number',
    '3. a',
    '<ol class="op-uc-list" start="3">\n<li class="op-uc-list--item">a</li>\n</ol>',
  )
  renders(
    'a list within a list',
    '- a\n  - b',
    '<ul class="op-uc-list">\n<li class="op-uc-list--item">a\n' +
      '<ul class="op-uc-list">\n<li class="op-uc-list--item">b</li>\n</ul>\n</li>\n</ul>',
  )
  renders(
    'items set apart have paragraphs',
    '- a\n\n- b',
    '<ul class="op-uc-list">\n<li class="op-uc-list--item"><p class="op-uc-p">a</p>\n</li>\n' +
      '<li class="op-uc-list--item"><p class="op-uc-p">b</p>\n</li>\n</ul>',
  )

  const box = (attributes = '') => `<input type="checkbox" class="op-uc-list--task-checkbox" disabled="disabled"${attributes} />`
  renders(
    'a task list',
    '- [ ] open\n- [x] **done**',
    `<ul class="op-uc-list_task-list op-uc-list">\n<li class="op-uc-list--item">${box()} open</li>\n` +
      `<li class="op-uc-list--item">${box(' checked="checked"')} <strong>done</strong></li>\n</ul>`,
  )
  test('only the list with the task is a task list', () => {
    const html = renderMarkdown('- a\n  - [ ] b')
    assert.deepEqual(html.match(/<ul class="[^"]*">/g), [
      '<ul class="op-uc-list">',
      '<ul class="op-uc-list_task-list op-uc-list">',
    ])
  })
  renders('brackets elsewhere are text', 'not [ ] a task', inParagraph('not [ ] a task'))
})

describe('tables', () => {
  renders(
    'a table in its figure, aligned by column',
    '|a|b|\n|:-:|--|\n|1|*2*|',
    '<figure class="op-uc-figure op-uc-figure_align-center"><div class="op-uc-figure--content"><table class="op-uc-table">\n' +
      '<thead class="op-uc-table--head">\n<tr class="op-uc-table--row">\n' +
      '<th class="op-uc-table--cell op-uc-table--cell_head" align="center">a</th>\n' +
      '<th class="op-uc-table--cell op-uc-table--cell_head">b</th>\n</tr>\n</thead>\n' +
      '<tbody>\n<tr class="op-uc-table--row">\n<td class="op-uc-table--cell" align="center">1</td>\n' +
      '<td class="op-uc-table--cell"><em>2</em></td>\n</tr>\n</tbody>\n</table></div></figure>',
  )
})

describe('running text', () => {
  renders('emphasis', '*a* **b** ~~c~~', inParagraph('<em>a</em> <strong>b</strong> <del>c</del>'))
  renders('inline code', '`a<b`', inParagraph('<code class="op-uc-code">a&lt;b</code>'))
  renders('special characters', '1 < 2 & 3', inParagraph('1 &lt; 2 &amp; 3'))
  renders(
    'a link with a title',
    '[text](https://example.org/?a=1&b=2 "Title")',
    inParagraph('<a class="op-uc-link" href="https://example.org/?a=1&amp;b=2" title="Title" rel="noopener noreferrer">text</a>'),
  )
  renders(
    'a link by reference',
    '[text][1]\n\n[1]: /wiki',
    inParagraph('<a class="op-uc-link" href="/wiki" rel="noopener noreferrer">text</a>'),
  )
  renders(
    'an image, its description without markup',
    '![a *cat*](/api/v3/attachments/1/content "Title")',
    inParagraph('<img class="op-uc-image" src="/api/v3/attachments/1/content" alt="a cat" title="Title" />'),
  )

  const linked = (href: string, text: string) => `<a class="op-uc-link" href="${href}" rel="noopener noreferrer">${text}</a>`
  renders(
    'a bare address, without the full stop after it',
    'see https://example.org/a.',
    inParagraph(`see ${linked('https://example.org/a', 'https://example.org/a')}.`),
  )
  renders('a bare www address', 'www.example.org/a!', inParagraph(`${linked('http://www.example.org/a', 'www.example.org/a')}!`))
  renders('a bare e-mail address', 'ann@example.org', inParagraph(linked('mailto:ann@example.org', 'ann@example.org')))
  renders(
    'an address in angle brackets',
    '<https://example.org>',
    inParagraph(linked('https://example.org', 'https://example.org')),
  )
  renders('a file name is no address', 'README.md', inParagraph('README.md'))
})

describe('HTML in the text', () => {
  renders('allowed elements stay', 'H<sub>2</sub>O<br>', inParagraph('H<sub>2</sub>O<br />'))
  renders('elements get their class', '<p>a</p>', inParagraph('a'))
  renders(
    'a table keeps spans of cells',
    '<table><tr><td colspan="2" rowspan="x">a</td></tr></table>',
    '<table class="op-uc-table"><tr class="op-uc-table--row"><td class="op-uc-table--cell" colspan="2">a</td></tr></table>',
  )
  renders(
    'an image keeps its size in numbers',
    '<img class="op-uc-image_inline" src="/a.png" width="50%" height="1e9">',
    '<img class="op-uc-image_inline" src="/a.png" width="50%" />',
  )
  renders(
    'a link to another server says nothing about where it is followed from',
    '<a class="op-uc-link" href="https://example.org" target="_blank" rel="opener">a</a>',
    inParagraph('<a class="op-uc-link" href="https://example.org" rel="noopener noreferrer">a</a>'),
  )

  test('the rest of the text renders as it would without any', () => {
    const sample =
      '# T\n\na *b* **c** ~~d~~ `e` #1 @ann user#2 [f](/g "h") ![i](j.png) https://example.org  \nk\n\n- l\n  1. m\n\n     n\n' +
      '- [ ] o\n- [x] p\n\n> q\n\n---\n\n```js\nr\n```\n\n    s\n\n|t|u|\n|-|:-:|\n|v|w|'
    const html = renderMarkdown(`${sample}\n\n<b></b>`)
    assert.equal(html, `${renderMarkdown(sample)}\n<p class="op-uc-p"><b></b></p>`)
  })
})
