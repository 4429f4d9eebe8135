/** References in markdown: their style, resource and target, each written here as the address of a link. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from '#test/properties.ts'
import { renderMarkdown } from '#text/markdown.ts'
import {
  differentReferences,
  MOST_REFERENCES,
  placed,
  type Reference,
  referencesIn,
  replaceReferences,
} from '#text/references.ts'

const address = ({ style, resource, target }: Reference) => ({ href: `/${style}/${resource}/${target}` })
const rendered = (raw: string) => replaceReferences(renderMarkdown(raw), address)
const renders = (name: string, raw: string, html: string) =>
  test(name, () => assert.equal(rendered(raw), `<p class="op-uc-p">${html}</p>`))
const link = (path: string, text: string) => `<a class="op-uc-link" href="${path}">${text}</a>`
const workPackage = (id: number, text: string, style = 'typed') => link(`/${style}/WorkPackage/${id}`, text)
const person = (path: string, text: string) => `<a class="user-mention op-uc-link" href="${path}">${text}</a>`

describe('work packages', () => {
  renders('one mark', 'see #12.', `see ${workPackage(12, '#12')}.`)
  renders('two marks', '##12', workPackage(12, '##12', 'summary'))
  renders('three marks', '###12', workPackage(12, '###12', 'details'))
  renders('four marks are text', '####12', '####12')
  renders('in brackets and emphasis', '(#1) **#2**', `(${workPackage(1, '#1')}) <strong>${workPackage(2, '#2')}</strong>`)
  renders('after a letter beyond the basic plane', '𝒳#1', '𝒳#1')
  renders('several in a row', '#1, #2', `${workPackage(1, '#1')}, ${workPackage(2, '#2')}`)
  for (const text of ['a#1', '#1a', '#0', '#01', '#1ü', '&#1', 'a/#1', '=#1', '#12345678901234567890'])
    test(`not in ${text}`, () => assert.doesNotMatch(rendered(text), /WorkPackage/))
  renders('an escaped mark is text', '\\#12', '#12')
})

describe('people', () => {
  renders('by login', 'ask @ann.b-c, please', `ask ${person('/typed/User/ann.b-c', '@ann.b-c')}, please`)
  renders('the full stop ends the sentence', 'Thanks @ann.', `Thanks ${person('/typed/User/ann', '@ann')}.`)
  renders('users by number', 'user#5', person('/named/User/5', 'user#5'))
  renders('groups by number', 'to group#6!', `to ${person('/named/Group/6', 'group#6')}!`)
  renders('other words before a number', 'superuser#5', 'superuser#5')
  for (const text of ['a@ann', '@ann/pkg', '@ann@example.org', '@a.b@example.org', '@-', '@ ann'])
    test(`not in ${text}`, () => assert.doesNotMatch(rendered(text), /user-mention/))
})

describe('other resources', () => {
  renders('by number', 'due in version#3.', `due in ${link('/named/Version/3', 'version#3')}.`)
  renders('not within a word', 'subversion#3', 'subversion#3')
  renders('projects by identifier', 'see project:big-one.', `see ${link('/named/Project/big-one', 'project:big-one')}.`)
  renders('users by login', 'user:ann', person('/named/User/ann', 'user:ann'))
  renders('files by name', 'attachment:a.pdf, yes', `${link('/named/Attachment/a.pdf', 'attachment:a.pdf')}, yes`)
  renders('files by quoted name', 'attachment:"a b.pdf"', link('/named/Attachment/a b.pdf', 'attachment:&quot;a b.pdf&quot;'))
  for (const text of ['user:', 'user: ann', 'user:ann@example.org', 'superuser:ann', 'news:one', 'version:1'])
    renders(
      `not in ${text}`,
      text,
      text.replace(/\S+@\S+/, (address) => address),
    )
})

describe('macros', () => {
  const macro = (text: string, path: string) => renders(text, text, link(path, text.replaceAll('"', '&quot;')))
  macro('workPackageValue:12:subject', '/value/WorkPackage/12:subject')
  macro('workPackageValue:subject', '/value/WorkPackage/:subject')
  macro('workPackageValue:12:"% Complete"', '/value/WorkPackage/12:% Complete')
  macro('workPackageLabel:dueDate', '/label/WorkPackage/:dueDate')
  macro('projectValue:3:name', '/value/Project/3:name')
  macro('projectLabel:status', '/label/Project/:status')
  for (const text of ['workPackageValue', 'workPackageValue:', 'workPackageValue:12', 'MyworkPackageValue:subject'])
    test(`not in ${text}`, () => assert.deepEqual(referencesIn(renderMarkdown(text)), []))
})

describe('images of attached files', () => {
  const image = (path: string) => `<img class="op-uc-image" src="${path}" alt="" />`
  renders('by name', '![](mast.png)', image('/file/Attachment/mast.png'))
  renders('with a space', '![](<a mast.png>)', image('/file/Attachment/a mast.png'))
  renders('in HTML', 'a <img src="mast.png">', 'a <img class="op-uc-image" src="/file/Attachment/mast.png" />')
  renders(
    'in a link',
    '[![](mast.png)](/x)',
    `${link('/x', image('/file/Attachment/mast.png')).replace('">', '" rel="noopener noreferrer">')}`,
  )
  for (const address of ['/mast.png', 'https://example.org/mast.png', 'a/mast.png', '#mast.png', 'mast'])
    renders(`other addresses: ${address}`, `![](${address})`, image(address))
  test('that nobody resolves keep their address', () => {
    const html = replaceReferences(renderMarkdown('![](<a mast.png>)'), () => undefined)
    assert.equal(html, `<p class="op-uc-p">${image('a%20mast.png')}</p>`)
  })
})

describe('mention elements', () => {
  const element = (type: string, id: string, text: string) =>
    `<mention class="mention" data-id="${id}" data-type="${type}" data-text="@Other">${text}</mention>`
  renders(
    'a user, named as the text does',
    `Hi ${element('user', '5', '@Ann Bell')}!`,
    `Hi ${person('/typed/User/5', '@Ann Bell')}!`,
  )
  renders('a group', element('group', '6', '@Team'), person('/typed/Group/6', '@Team'))
  renders('a work package, linked once', element('work_package', '7', '#7'), workPackage(7, '#7'))
  renders(
    'within a table in HTML',
    `a <span>${element('user', '5', '@A')}</span>`,
    `a <span>${person('/typed/User/5', '@A')}</span>`,
  )
  renders('of unknown type: only the text', element('role', '5', 'Boss'), 'Boss')
  renders('with an invalid number: only the text', element('user', '5/../x', 'Ann'), 'Ann')
  renders('the name is text', element('user', '5', '&lt;img onerror=x&gt;'), person('/typed/User/5', '&lt;img onerror=x&gt;'))
  renders(
    'of editors that show a summary',
    element('work_package', '7', '##7').replace('@Other', '##7'),
    workPackage(7, '##7', 'summary'),
  )
  renders(
    'in a link: only the text',
    `<a href="/x">${element('user', '5', '@A')}</a>`,
    link('/x', '@A').replace('">', '" rel="noopener noreferrer">'),
  )
  test('in an HTML block', () => {
    const html = rendered(`<div>\n${element('user', '5', '@Ann')}\n</div>`)
    assert.equal(html, `<div>\n${person('/typed/User/5', '@Ann')}\n</div>`)
  })
})

describe('references that stay text', () => {
  const all = '#1 ##2 @ann user#3'
  renders('inline code', `\`${all}\``, `<code class="op-uc-code">${all}</code>`)
  for (const [name, raw] of Object.entries({ 'fenced code': `\`\`\`\n${all}\n\`\`\``, 'indented code': `    ${all}` }))
    test(name, () => assert.doesNotMatch(rendered(raw), /<a /))
  renders('the text of a link', '[#1](/x)', '<a class="op-uc-link" href="/x" rel="noopener noreferrer">#1</a>')
  renders('a link in HTML', '<a href="/x">#1</a>', '<a class="op-uc-link" href="/x" rel="noopener noreferrer">#1</a>')
  renders('the description of an image', '![#1 @ann](/x.png)', '<img class="op-uc-image" src="/x.png" alt="#1 @ann" />')
  test('a bare address', () => {
    for (const address of ['https://example.org/#1', 'https://example.org/@ann', 'www.example.org/?a=#1'])
      assert.equal(rendered(address).match(/<a /g)?.length, 1, address)
  })
})

describe('replacing', () => {
  const raw = 'See #1, user#2 & **@ann** in "quotes".'
  test('what is not resolved is the text of the author', () =>
    assert.equal(
      replaceReferences(renderMarkdown(raw), () => undefined),
      '<p class="op-uc-p">See #1, user#2 &amp; <strong>@ann</strong> in &quot;quotes&quot;.</p>',
    ))
  test('texts and addresses are escaped', () =>
    assert.equal(
      replaceReferences(renderMarkdown('#1'), () => ({ href: '/"<', title: '<b>', text: '"&' })),
      '<p class="op-uc-p"><a class="op-uc-link" href="/&quot;&lt;" title="&lt;b&gt;">&quot;&amp;</a></p>',
    ))
  test('in JSON it comes to the same', () => {
    const resolve = ({ target }: Reference) => (target === '2' ? undefined : { href: '/"\\', title: '\n"', text: '"<\\' })
    const html = renderMarkdown(`${raw} ![](a.png)`)
    const json = replaceReferences(JSON.stringify([html, '"']), resolve, { isJson: true })
    assert.deepEqual(JSON.parse(json), [replaceReferences(html, resolve), '"'])
  })
  test('each different one is resolved once, until they have added enough', () => {
    const asked: string[] = []
    const resolve = ({ target }: Reference) => {
      asked.push(target)
      return { href: '/' }
    }
    const html = replaceReferences(renderMarkdown('#1 #2 #1 #1'), resolve, { most: 90 })
    assert.deepEqual(asked, ['1', '2'])
    assert.equal(html, `<p class="op-uc-p">${link('/', '#1')} ${link('/', '#2')} #1 #1</p>`)
  })
  test('only what depends on the row of the text differs between rows', () => {
    const html = renderMarkdown('#1 project:ship workPackageValue:1:subject attachment:a.pdf workPackageValue:subject')
    const page = [1, 2].map((id) => placed(html, [{ resource: 'WorkPackage', id }])).join('')
    const different = [...differentReferences(page, 100).values()]
    const targets = different.map(({ target, places: [place] }) => `${target} ${place?.id ?? ''}`.trim())
    assert.deepEqual(targets, ['1', 'ship', '1:subject', 'a.pdf 1', ':subject 1', 'a.pdf 2', ':subject 2'])
  })
  test('a text has so many references at most', () => {
    assert.equal(referencesIn(renderMarkdown('#1 '.repeat(MOST_REFERENCES + 5))).length, MOST_REFERENCES)
  })
})

describe('references in raw HTML that the author does not close', () => {
  const wholes = [
    '<div><title>\n\n#1',
    '#1\n\n<div><title>\n\n#2',
    "<div></div><abbr title='\n\n#1 and 100%\n\n<div></div>'>x</abbr>",
    "<div></div><img src='b.png' alt='\n\n![](a.png) @ann\n\n<div></div>'>",
    '<div>\n<mention data-type="user" data-id="5"><img src="a.png"> x</mention>\n</div>',
    '<div>\n<mention data-type="user" data-id="5"><a href="/x">y</a> z</mention>\n</div>',
    '<div><mention data-type="user" data-id="5">\n\n![](a.png) #7 @ann\n\n</mention></div>',
    '<a href="/x">\n\n#1\n\n</a>',
  ]
  const pieces = [
    ...['#1', '##2', '@ann', 'user#3', '![](a.png)', 'attachment:"100%.pdf"', 'workPackageValue:1:"% Complete"', '100%', 'x'],
    ...['<mention data-type="user" data-id="5">', '</mention>', '<a href="/x">', "<a href='", '</a>', '<img src="b.png" alt="'],
    ...[
      '<div>',
      '</div>',
      '<title>',
      '</title>',
      '<textarea>',
      '<plaintext>',
      "<abbr title='",
      '<div x="',
      "'>",
      '">',
      '>',
      '<!--',
      '-->',
    ],
    ...['\n', '\n\n', ' ', '\\', '"', '`', '[', '](/y)'],
  ]
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((some) => some.join(''))
  const resolutions = [
    () => undefined,
    () => ({ href: '/1', title: '"\\' }),
    () => ({ href: '/1', text: '</a>' }),
    () => ({ text: '<b>' }),
  ]
  const known = 'reference-'

  function assertExchanged(raw: string): void {
    const html = renderMarkdown(raw)
    for (const resolve of resolutions) {
      const whole = replaceReferences(html, resolve)
      assert.ok(!whole.includes(known), `a mark is left of ${JSON.stringify(raw)}`)
      assert.deepEqual(JSON.parse(replaceReferences(JSON.stringify([html, html]), resolve, { isJson: true })), [whole, whole])
    }
    assert.doesNotMatch(html, /<a [^>]*>(?:(?!<\/a>).)*<a /s, `a link within a link: ${JSON.stringify(raw)}`)
  }

  for (const raw of wholes) test(JSON.stringify(raw), () => assertExchanged(raw))
  test('any mixture', () => fc.assert(fc.property(texts, assertExchanged), { numRuns: 500 }))
  test('an image in a mention is found as well', () =>
    assert.deepEqual(
      referencesIn(renderMarkdown(wholes[4]!)).map(({ target }) => target),
      ['5', 'a.png'],
    ))
})
