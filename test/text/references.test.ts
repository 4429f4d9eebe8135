/** References in markdown: work packages and versions by number, users by login, number or mention element. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderMarkdown } from '#text/markdown.ts'

const renders = (name: string, raw: string, html: string) =>
  test(name, () => assert.equal(renderMarkdown(raw), `<p class="op-uc-p">${html}</p>`))
const workPackage = (id: number, text: string) => `<a class="op-uc-link" href="/work_packages/${id}">${text}</a>`
const person = (path: string, text: string) => `<a class="user-mention op-uc-link" href="${path}">${text}</a>`

describe('work packages', () => {
  renders('one mark', 'see #12.', `see ${workPackage(12, '#12')}.`)
  renders('two marks', '##12', workPackage(12, '##12'))
  renders('three marks', '###12', workPackage(12, '###12'))
  renders('four marks are text', '####12', '####12')
  renders('in brackets and emphasis', '(#1) **#2**', `(${workPackage(1, '#1')}) <strong>${workPackage(2, '#2')}</strong>`)
  renders('after a letter beyond the basic plane', '𝒳#1', '𝒳#1')
  renders('several in a row', '#1, #2', `${workPackage(1, '#1')}, ${workPackage(2, '#2')}`)
  for (const text of ['a#1', '#1a', '#0', '#01', '#1ü', '&#1', 'a/#1', '=#1', '#12345678901234567890'])
    test(`not in ${text}`, () => assert.doesNotMatch(renderMarkdown(text), /work_packages/))
  renders('an escaped mark is text', '\\#12', '#12')
})

describe('people', () => {
  renders('by login', 'ask @ann.b-c, please', `ask ${person('/users/ann.b-c', '@ann.b-c')}, please`)
  renders('the full stop ends the sentence', 'Thanks @ann.', `Thanks ${person('/users/ann', '@ann')}.`)
  renders('users by number', 'user#5', person('/users/5', 'user#5'))
  renders('groups by number', 'to group#6!', `to ${person('/groups/6', 'group#6')}!`)
  renders('other words before a number', 'superuser#5', 'superuser#5')
  for (const text of ['a@ann', '@ann/pkg', '@ann@example.org', '@a.b@example.org', '@-', '@ ann'])
    test(`not in ${text}`, () => assert.doesNotMatch(renderMarkdown(text), /user-mention/))
})

describe('versions', () => {
  renders('by number', 'due in version#3.', 'due in <a class="op-uc-link" href="/versions/3">version#3</a>.')
  renders('not within a word', 'subversion#3', 'subversion#3')
})

describe('mention elements', () => {
  const element = (type: string, id: string, text: string) =>
    `<mention class="mention" data-id="${id}" data-type="${type}" data-text="@Other">${text}</mention>`
  renders('a user, named as the text does', `Hi ${element('user', '5', '@Ann Bell')}!`, `Hi ${person('/users/5', '@Ann Bell')}!`)
  renders('a group', element('group', '6', '@Team'), person('/groups/6', '@Team'))
  renders('a work package, linked once', element('work_package', '7', '#7'), workPackage(7, '#7'))
  renders('within a table in HTML', `a <span>${element('user', '5', '@A')}</span>`, `a <span>${person('/users/5', '@A')}</span>`)
  renders('of unknown type: only the text', element('role', '5', 'Boss'), 'Boss')
  renders('with an invalid number: only the text', element('user', '5/../x', 'Ann'), 'Ann')
  renders('the name is text', element('user', '5', '&lt;img onerror=x&gt;'), person('/users/5', '&lt;img onerror=x&gt;'))
  test('in an HTML block', () => {
    const html = renderMarkdown(`<div>\n${element('user', '5', '@Ann')}\n</div>`)
    assert.equal(html, `<div>\n${person('/users/5', '@Ann')}\n</div>`)
  })
})

describe('references that stay text', () => {
  const all = '#1 ##2 @ann user#3'
  renders('inline code', `\`${all}\``, `<code class="op-uc-code">${all}</code>`)
  for (const [name, raw] of Object.entries({ 'fenced code': `\`\`\`\n${all}\n\`\`\``, 'indented code': `    ${all}` }))
    test(name, () => assert.doesNotMatch(renderMarkdown(raw), /<a /))
  renders('the text of a link', '[#1](/x)', '<a class="op-uc-link" href="/x" rel="noopener noreferrer">#1</a>')
  renders('a link in HTML', '<a href="/x">#1</a>', '<a class="op-uc-link" href="/x" rel="noopener noreferrer">#1</a>')
  renders('the description of an image', '![#1 @ann](/x.png)', '<img class="op-uc-image" src="/x.png" alt="#1 @ann" />')
  test('a bare address', () => {
    for (const address of ['https://example.org/#1', 'https://example.org/@ann', 'www.example.org/?a=#1'])
      assert.equal(renderMarkdown(address).match(/<a /g)?.length, 1, address)
  })
})
