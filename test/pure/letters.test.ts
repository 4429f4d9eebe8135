/** Letters: one layout for all mails, as text and as HTML, in the language of the recipient. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Letter, mailTo } from '#jobs/letters.ts'
import { defaultSettings } from '#kernel/settings.ts'
import { said } from '#text/messages.ts'

const settings = { ...defaultSettings, app_title: 'Ship & Co', host_name: 'work.example:8443', https: true }
const vera = { name: 'Vera <b>', email: 'vera@example.net', language: 'en', last_name: '<b>' }
const letter: Letter = {
  subject: said`Invitation to ${settings.app_title}`,
  blocks: [
    said`${'Ada & Ben'} mentioned you:`,
    { heading: 'Task #1: <i>Paint</i>', href: 'https://work.example/1?a=1&b=2' },
    { quote: 'First\nsecond <script>alert(1)</script>' },
    {
      facts: [
        [said`Name`, 'Vera'],
        [said`Roles`, 'A, B'],
      ],
    },
    { list: ['One', said`Due today.`] },
    { label: said`Open the work package`, href: 'https://work.example/1' },
  ],
  id: 'notification-7',
  thread: 'work_package-1',
  reason: said`Due today.`,
  unsubscribe: 'https://work.example/mail/unsubscribe?token=5.x.y',
}

test('a letter has a salutation, its parts, the name and address of the server, and what stops it', () => {
  const mail = mailTo(vera, letter, settings)
  assert.equal(
    mail.text,
    [
      'Hello Vera <b>,',
      'Ada & Ben mentioned you:',
      'Task #1: <i>Paint</i>\nhttps://work.example/1?a=1&b=2',
      'First\nsecond <script>alert(1)</script>',
      'Name: Vera\nRoles: A, B',
      '- One\n- Due today.',
      'Open the work package:\nhttps://work.example/1',
      [
        '-- ',
        'Ship & Co',
        'https://work.example:8443/',
        'Due today.',
        'Stop these mails: https://work.example/mail/unsubscribe?token=5.x.y\n',
      ].join('\n'),
    ].join('\n\n'),
  )
  assert.deepEqual(
    [mail.recipient, mail.subject, mail.id, mail.thread, mail.unsubscribe],
    [
      'vera@example.net',
      'Invitation to Ship & Co',
      '<notification-7@work.example>',
      '<work_package-1@work.example>',
      'https://work.example/mail/unsubscribe?token=5.x.y',
    ],
  )
})

test('its HTML says the same, escapes everything, and loads nothing', () => {
  const { html = '' } = mailTo(vera, letter, settings)
  for (const part of [
    '<title>Invitation to Ship &amp; Co</title>',
    '>Hello Vera &lt;b&gt;,</p>',
    '>Ada &amp; Ben mentioned you:</p>',
    '<a href="https://work.example/1?a=1&amp;b=2" style="color:#0b5cad">Task #1: &lt;i&gt;Paint&lt;/i&gt;</a></h2>',
    '>First<br>second &lt;script&gt;alert(1)&lt;/script&gt;</blockquote>',
    '<strong>Name:</strong> Vera<br><strong>Roles:</strong> A, B</p>',
    '<li>One</li><li>Due today.</li></ul>',
    '>Open the work package</a></p>',
    '>Stop these mails</a></p>',
  ])
    assert.ok(html.includes(part), `${part}\n${html}`)
  assert.equal(/<(script|img|link|style|i)\b|@import|url\(/.test(html), false)
})

test('it is in the language of the recipient, or else of the server; somebody without a name is greeted without one', () => {
  const german = mailTo({ ...vera, language: 'de' }, letter, settings)
  assert.equal(german.subject, 'Einladung zu Ship & Co')
  assert.match(german.text, /^Hallo Vera <b>,\n\nAda & Ben hat Sie erwähnt:\n/)
  assert.match(german.html ?? '', /<html lang="de">.*>Arbeitspaket öffnen<.*>Diese E-Mails abbestellen</s)
  const other = mailTo({ ...vera, language: null, last_name: '@example.net' }, letter, { ...settings, default_language: 'de' })
  assert.match(other.text, /^Hallo,\n/)
})
