/** Mail: written in the transaction, sent after it, retried for a while, and deleted once it is sent. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { sendMail, sendOut } from '#jobs/mail.ts'
import { postOf } from '#jobs/post.ts'
import type { Mail, Post } from '#kernel/declaration.ts'
import { setup } from '#server/setup.ts'
import { emptyDatabase } from '#test/database.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { type Arrived, headerOf, type Smtp, smtpServer } from '#test/smtp.ts'

const MINUTE = 60_000
const start = Date.parse('2026-05-04T10:00:00Z')
const at = (minutes: number) => new Date(start + minutes * MINUTE)

let place: { db: Database; drop: () => Promise<void> }
let smtp: Smtp
const failures: [isToVera: boolean, subject: unknown, isLast: boolean][] = []
before(async () => {
  place = await emptyDatabase()
  await setup(place.db, { seed: 'none' })
})
after(() => place.drop())
beforeEach(async () => {
  smtp = await smtpServer()
  failures.length = 0
})
afterEach(async () => {
  smtp.close()
  await place.db.transaction((tx) => tx.run(sql`delete from jobs`))
})

const quiet = { info: () => {} }
const bySmtp = () => postOf({ url: smtp.url, from: 'Work <pm@example.net>' }, quiet)
const letter = (subject: string, more: Partial<Mail> = {}): Mail => ({
  recipient: 'vera@example.net',
  subject,
  text: 'Hello.',
  ...more,
})
const write = (mail: Mail) => place.db.transaction((tx) => sendMail(tx, mail, at(0)))
const send = (post: Post, minutes = 0) =>
  runDue(place.db, {
    post,
    now: at(minutes),
    only: [sendOut.name],
    failed: ({ about, isLast }) => void failures.push([about.to === 'vera@example.net', about.subject, isLast]),
  })
const left = async () => (await jobsOf(place.db, sendOut)).length

test('A mail has its sender and recipient, and is not stored after sending', async () => {
  await write(letter('A new password', { text: 'Choose one: http://localhost/x?token=1\n', link: 'http://localhost/x?token=1' }))
  await send(bySmtp())
  const [mail, ...others] = smtp.mails
  assert.equal(others.length, 0)
  assert.deepEqual(mail?.recipients, ['vera@example.net'])
  assert.deepEqual(mail?.from, { name: 'Work', address: 'pm@example.net' })
  assert.deepEqual(mail?.to, [{ name: '', address: 'vera@example.net' }])
  assert.deepEqual(
    [mail?.subject, mail?.text, mail?.html],
    ['A new password', 'Choose one: http://localhost/x?token=1\n', undefined],
  )
  assert.equal(headerOf(mail as Arrived, 'Auto-Submitted'), 'auto-generated')
  assert.equal(await left(), 0)
})

test('An invitation has its calendar entry as a part of its own, with what is asked', async () => {
  await write(letter('Invitation', { calendar: { method: 'REQUEST', text: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' } }))
  await send(bySmtp())
  const [mail] = smtp.mails
  assert.deepEqual(
    mail?.attachments.map(({ mimeType, method }) => [mimeType, method]),
    [
      ['text/calendar', 'REQUEST'],
      ['application/ics', undefined],
    ],
  )
  assert.equal(mail?.text?.trim(), 'Hello.')
})

test('A mail has identifiers for its thread, and an address that stops its kind in one piece', async () => {
  const unsubscribe = `http://localhost:8080/mail/unsubscribe?token=${'5.digest.'.padEnd(120, 'x')}`
  await write(letter('News', { id: '<news-1@work.example>', thread: '<news@work.example>', unsubscribe, html: '<p>Hello.</p>' }))
  await send(bySmtp())
  const mail = smtp.mails[0] as Arrived
  assert.deepEqual(
    [mail.messageId, mail.inReplyTo, mail.references],
    ['<news-1@work.example>', '<news@work.example>', '<news@work.example>'],
  )
  assert.equal(headerOf(mail, 'List-Unsubscribe'), `<${unsubscribe}>`)
  assert.ok(mail.data.includes(`<${unsubscribe}>`), 'not folded')
  assert.equal(headerOf(mail, 'List-Unsubscribe-Post'), 'List-Unsubscribe=One-Click')
  assert.equal(mail.html?.trim(), '<p>Hello.</p>')
})

test('A rolled-back mail is not sent', async () => {
  const failing = place.db.transaction(async (tx) => {
    await sendMail(tx, letter('Never'), at(0))
    throw new Error('undone')
  })
  await assert.rejects(failing, /undone/)
  await send(bySmtp())
  assert.deepEqual(smtp.mails, [])
})

test('Subjects and addresses cannot inject headers or recipients', async () => {
  await write(letter('Ours\r\nBcc: evil@example.net\r\n\r\nBuy this', { recipient: 'vera@example.net, evil@example.net' }))
  await write(letter('Ours\r\nBcc: evil@example.net\r\n\r\nBuy this'))
  await send(bySmtp())
  await send(bySmtp())
  assert.equal(
    smtp.mails.some(({ recipients }) => recipients.includes('evil@example.net')),
    false,
  )
  const data = smtp.mails.at(-1)?.data ?? ''
  assert.equal(/^Bcc:|\r\nBuy this/im.test(data), false, data)
})

test('Many processes send a mail once', async () => {
  for (let i = 0; i < 5; i++) await write(letter(`Number ${i}`))
  await Promise.all(Array.from({ length: 4 }, () => send(bySmtp())))
  await send(bySmtp())
  assert.equal(smtp.mails.length, 5)
  assert.equal(await left(), 0)
})

test('A failed mail is retried after increasing delays, and finally given up', async () => {
  await write(letter('Late'))
  smtp.refuse(true)
  for (const minutes of [0, 1, 2, 11, 12, 61, 62, 9999]) await send(bySmtp(), minutes)
  assert.deepEqual(failures, [
    [true, 'Late', false],
    [true, 'Late', false],
    [true, 'Late', false],
    [true, 'Late', true],
  ])
  const [kept] = await jobsOf(place.db, sendOut)
  assert.deepEqual([kept?.attempts, kept?.due_at], [4, null], 'what is given up is kept, for somebody to look at')
})

test('A failed mail is sent later', async () => {
  await write(letter('Late'))
  smtp.refuse(true)
  await send(bySmtp())
  smtp.refuse(false)
  await send(bySmtp(), 1)
  assert.equal(smtp.mails.length, 0)
  await send(bySmtp(), 2)
  assert.equal(smtp.mails.length, 1)
  assert.equal(await left(), 0)
})

test('A mail that always fails does not block others', async () => {
  await write(letter('Bad'))
  await write(letter('Good'))
  const sent: string[] = []
  const picky: Post = async ({ subject }) => {
    if (subject === 'Bad') throw new Error('refused')
    sent.push(subject)
  }
  await send(picky)
  assert.deepEqual(sent, [], 'as long as it seems that none can be sent, the server is left alone')
  await send(picky)
  assert.deepEqual(sent, ['Good'])
})

test('Without a server the log contains the recipient, the subject and the link', async () => {
  const lines: [object, string][] = []
  await write(letter('A new password', { link: 'http://localhost/x' }))
  await send(postOf(undefined, { info: (about, message) => void lines.push([about, message]) }))
  assert.deepEqual(lines, [
    [{ to: 'vera@example.net', subject: 'A new password', link: 'http://localhost/x' }, 'mail not sent: --smtp-url is not set'],
  ])
  assert.equal(await left(), 0)
})

test('A password is not sent unencrypted to another machine', async () => {
  // This machine, by another address than loopback.
  const { port } = new URL(smtp.url)
  const post = postOf({ url: `smtp://me:secret@[::ffff:127.0.0.1]:${port}`, from: 'pm@example.net' }, quiet)
  await assert.rejects(post(letter('Hello')), /TLS/)
  assert.deepEqual(smtp.mails, [])
})
