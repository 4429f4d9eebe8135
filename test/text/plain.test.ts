/** Plain text as HTML: escaping, paragraphs, line breaks and web addresses. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { escapeHtml } from '#text/escape.ts'
import { renderPlain } from '#text/plain.ts'

const renders = (name: string, raw: string, html: string) => test(name, () => assert.equal(renderPlain(raw), html))
const linked = (address: string) => `<a href="${address}" rel="noopener noreferrer">${address}</a>`

describe('escaping', () => {
  test('every character with a meaning in HTML', () =>
    assert.equal(escapeHtml(`<a b="c" d='e'>&`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;'))
  test('each once, entities included', () => assert.equal(escapeHtml('&lt;'), '&amp;lt;'))
  test('other text is not changed', () => assert.equal(escapeHtml('Grüße, 漢字'), 'Grüße, 漢字'))
})

describe('paragraphs and lines', () => {
  renders('an empty text has an empty result', '', '')
  renders('blank lines have an empty result', ' \n\t\n ', '')
  renders('a paragraph', 'Hello', '<p>Hello</p>')
  renders('a line end', 'one\ntwo', '<p>one<br/>two</p>')
  renders('a blank line', 'one\n\ntwo', '<p>one</p><p>two</p>')
  renders('many blank lines', 'one\n \n\n\t\ntwo', '<p>one</p><p>two</p>')
  renders('line ends of other systems', 'one\r\ntwo\r\rthree', '<p>one<br/>two</p><p>three</p>')
  renders('blank lines around the text', '\n\none\n\n', '<p>one</p>')
  renders('markup is text', '*a* <b>c</b> [d](e)', '<p>*a* &lt;b&gt;c&lt;/b&gt; [d](e)</p>')
})

describe('addresses', () => {
  renders(
    'http and https',
    'http://a.example https://b.example',
    `<p>${linked('http://a.example')} ${linked('https://b.example')}</p>`,
  )
  renders(
    'punctuation after it belongs to the sentence',
    'See https://a.example/b.',
    `<p>See ${linked('https://a.example/b')}.</p>`,
  )
  renders('so do brackets around it', '(https://a.example/b)', `<p>(${linked('https://a.example/b')})</p>`)
  renders('but not its own', 'https://a.example/b_(c)', `<p>${linked('https://a.example/b_(c)')}</p>`)
  renders('its special characters are escaped', 'https://a.example/?b&c', `<p>${linked('https://a.example/?b&amp;c')}</p>`)
  renders('a quote ends it', 'https://a.example/"onclick="b', `<p>${linked('https://a.example/')}&quot;onclick=&quot;b</p>`)
  renders('other schemes are text', 'javascript:alert(1) ftp://a.example', '<p>javascript:alert(1) ftp://a.example</p>')
})
