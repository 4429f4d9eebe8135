/** Mails about notifications, as mail programs receive them: at once, and in summaries at the times of the preferences. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { postOf } from '#jobs/post.ts'
import { runDue } from '#test/jobs.ts'
import { type Arrived, headerOf, type Smtp, smtpServer } from '#test/smtp.ts'
import { browser } from '../sessions/browser.ts'
import { type Person, type Scene, scene } from './scene.ts'

let on: Scene
let smtp: Smtp
let me: Person
let author: Person
let task: number
before(async () => {
  on = await scene()
  smtp = await smtpServer()
  author = await on.person(['add_work_package_comments', 'edit_work_packages'], { name: 'Ada Byron' })
})
after(async () => {
  smtp.close()
  await on.close()
})
let count = 0
beforeEach(async () => {
  await on.server.db.transaction(async (tx) => {
    await tx.run(sql`update journals set unannounced = false`)
    await tx.run(sql`update notifications set mailed_at = created_at`)
    await tx.run(sql`delete from jobs`)
  })
  smtp.mails.length = 0
  const email = `vera-${++count}@example.net`
  me = await on.person([], { name: 'Vera Example', email, time_zone: 'Europe/Berlin', language: 'en' })
  task = await on.server.make.workPackage({ project_id: on.project, subject: 'Splice the mainbrace', assigned_to_id: me.id })
})

const post = () => postOf({ url: smtp.url, from: 'Work <pm@example.net>' }, { info: () => {} })
/** Runs what is due at a moment, mails included; gives those to the user. */
async function pass(now = new Date()): Promise<readonly Arrived[]> {
  smtp.mails.length = 0
  await runDue(on.server.db, { now })
  for (let i = 0; i < 3; i++) await runDue(on.server.db, { now, post: post(), only: ['notices.send'] })
  return smtp.mails
}
const comment = (raw: string, more: object = {}) =>
  author.client.post(`/work_packages/${task}/activities`, { comment: { raw }, ...more })
const mention = (more = '') =>
  comment(`<mention class="mention" data-id="${me.id}" data-type="user" data-text="@Vera">@Vera</mention> ahoy${more}`)
const prefer = async (preferences: object, { client } = me) =>
  assert.equal((await client.patch('/users/me/preferences', preferences)).status, 200)
const preferences = async () => (await me.client.get('/users/me/preferences')).body
const one = <T>(list: readonly T[]): T => {
  assert.equal(list.length, 1)
  return list[0] as T
}
/** Writes a notification of a moment, as if it had been announced then. */
const notification = (at: string, values: Record<string, unknown> = {}) =>
  on.server.make.row('notifications', {
    ...{ recipient_id: me.id, work_package_id: task, reason: 'assigned', read_ian: false, internal: false },
    ...{ actor_id: author.id, created_at: at, updated_at: at, ...values },
  })

describe('A mention', () => {
  test('is mailed at once, with the comment, as text and as HTML', async () => {
    assert.equal((await mention('\n\n<script>alert(1)</script> & more')).status, 201)
    const mail = one(await pass())
    assert.deepEqual(mail.recipients, [`vera-${count}@example.net`])
    assert.equal(mail.subject, `[Harbour] Ada Byron mentioned you: Splice the mainbrace (#${task})`)
    const address = `http://localhost:8080/work_packages/${task}`
    assert.ok(
      (mail.text ?? '').startsWith(
        `Hello Vera Example,\n\nAda Byron mentioned you:\n\nTask #${task}: Splice the mainbrace\n\n@Vera ahoy\n\n<script>alert(1)</script> & more\n\nOpen the work package:\n${address}\n\n-- \nHalyard\nhttp://localhost:8080/\n`,
      ),
      `${mail.text}`,
    )
    assert.match(
      mail.html ?? '',
      /<blockquote[^>]*>@Vera ahoy<br><br>&lt;script&gt;alert\(1\)&lt;\/script&gt; &amp; more<\/blockquote>/,
    )
    assert.ok(mail.html?.includes(`<a href="${address}"`))
    assert.match(mail.html ?? '', /^<!doctype html>\n<html lang="en">/)
    assert.equal(/<(script|img|style|link)\b/.test(mail.html ?? ''), false)
    assert.deepEqual(await pass(), [], 'once')
  })

  test('is in a thread with other mails about the work package', async () => {
    await mention()
    const first = one(await pass())
    await mention('!')
    const second = one(await pass())
    assert.notEqual(first.messageId, second.messageId)
    for (const { messageId, inReplyTo, references } of [first, second]) {
      assert.match(messageId ?? '', /^<notification-\d+-\d+@localhost>$/)
      assert.deepEqual([inReplyTo, references], Array(2).fill(`<work_package-${task}@localhost>`))
    }
  })

  test('is not mailed any more when it has been read, or its recipient has lost sight of it', async () => {
    await mention()
    await runDue(on.server.db)
    assert.equal((await me.client.post('/notifications/read_ian')).status, 204)
    assert.deepEqual(await pass(), [])

    await mention('!')
    await runDue(on.server.db)
    await on.server.db.transaction((tx) => tx.run(sql`update principals set status = 3 where id = ${me.id}`))
    assert.deepEqual(await pass(), [])
    await on.server.db.transaction((tx) => tx.run(sql`update principals set status = 1 where id = ${me.id}`))

    await mention('?')
    await runDue(on.server.db)
    const { body } = await on.server.admin.get(
      `/memberships?filters=${JSON.stringify([{ principal: { operator: '=', values: [String(me.id)] } }])}`,
    )
    await on.server.admin.delete(`/memberships/${body._embedded.elements[0].id}`)
    assert.deepEqual(await pass(), [])
  })

  test('is left to the summary where the preferences do not ask for it, or pause mails', async () => {
    await prefer({ immediateReminders: { mentioned: false } })
    await mention()
    assert.deepEqual(await pass(), [])
    const today = Temporal.Now.plainDateISO('Europe/Berlin').toString()
    await prefer({ immediateReminders: { mentioned: true }, pauseReminders: { enabled: true, firstDay: today } })
    await mention('!')
    assert.deepEqual(await pass(), [])
  })

  test('is in the language of its recipient', async () => {
    await on.server.db.transaction((tx) => tx.run(sql`update principals set language = 'de' where id = ${me.id}`))
    await mention()
    const { subject, text, html } = one(await pass())
    assert.equal(subject, `[Harbour] Ada Byron hat Sie erwähnt: Splice the mainbrace (#${task})`)
    assert.match(text ?? '', /^Hallo Vera Example,\n\nAda Byron hat Sie erwähnt:\n/)
    assert.match(html ?? '', /<html lang="de">/)
    assert.match(html ?? '', />Arbeitspaket öffnen</)
  })
})

test('A reminder is mailed at its time, with its note', async () => {
  const remindAt = new Date(Date.now() + 3_600_000)
  const reply = await me.client.post(`/work_packages/${task}/reminders`, {
    remindAt: remindAt.toISOString(),
    note: 'Ask for rum.',
  })
  assert.equal(reply.status, 201)
  assert.deepEqual(await pass(), [])
  const mail = one(await pass(new Date(remindAt.getTime() + 1000)))
  assert.equal(mail.subject, `[Harbour] Reminder: Splice the mainbrace (#${task})`)
  assert.match(
    mail.text ?? '',
    /\n\nYou asked to be reminded of this work package:\n\nTask #\d+: Splice the mainbrace\n\nAsk for rum\.\n/,
  )
  assert.match(headerOf(mail, 'List-Unsubscribe') ?? '', /\.reminder\./)
})

describe('A summary', () => {
  test('comes at the local times of the preferences, also when clocks change', async () => {
    await prefer({ dailyReminders: { times: ['08:00', '17:00'] }, workdays: [1, 2, 3, 4, 5, 6, 7] })
    // In Berlin clocks go forward on 2031-03-30 and back on 2031-10-26, both Sundays.
    for (const [written, early, due] of [
      ['2031-03-29T20:00:00.000Z', '2031-03-30T05:59:59.999Z', '2031-03-30T06:00:00.000Z'],
      ['2031-03-28T20:00:00.000Z', '2031-03-29T06:59:59.999Z', '2031-03-29T07:00:00.000Z'],
      ['2031-10-25T20:00:00.000Z', '2031-10-26T06:59:59.999Z', '2031-10-26T07:00:00.000Z'],
      ['2031-10-25T10:00:00.000Z', '2031-10-25T14:59:59.999Z', '2031-10-25T15:00:00.000Z'],
    ] as const) {
      const id = await notification(written)
      assert.deepEqual(await pass(new Date(early)), [], early)
      assert.equal((await pass(new Date(due))).length, 1, due)
      assert.deepEqual(await pass(new Date(due)), [], 'once')
      await on.server.db.transaction((tx) => tx.run(sql`delete from notifications where id = ${id}`))
    }
  })

  test('comes an hour later where its hour is skipped, and once where it occurs twice', async () => {
    await prefer({ dailyReminders: { times: ['02:00'] }, workdays: [7] })
    await notification('2031-03-29T20:00:00.000Z')
    assert.deepEqual(await pass(new Date('2031-03-30T00:59:00.000Z')), [])
    assert.equal((await pass(new Date('2031-03-30T01:00:00.000Z'))).length, 1)
    await notification('2031-10-25T20:00:00.000Z')
    assert.equal((await pass(new Date('2031-10-26T00:00:00.000Z'))).length, 1)
    await notification('2031-10-26T00:30:00.000Z')
    assert.deepEqual(await pass(new Date('2031-10-26T01:15:00.000Z')), [])
  })

  test('names the work packages with what has happened, alerts first', async () => {
    const other = await on.server.make.workPackage({ project_id: on.project, subject: 'Paint', due_date: '2031-03-05' })
    await comment('The rum is **gone**.')
    await runDue(on.server.db)
    await on.server.db.transaction((tx) =>
      tx.run(sql`update notifications set created_at = '2031-03-03T10:00:00.000Z' where recipient_id = ${me.id}`),
    )
    await notification('2031-03-03T10:00:00.000Z', {
      work_package_id: other,
      reason: 'dateAlert',
      alert: 'dueDate',
      actor_id: null,
    })
    const mail = one(await pass(new Date('2031-03-04T08:00:00.000Z')))
    assert.equal(mail.subject, 'Halyard: 2 unread notifications')
    assert.ok(
      (mail.text ?? '').startsWith(
        [
          'Hello Vera Example,',
          'You have 2 unread notifications:',
          `Task #${other}: Paint (Harbour)\nhttp://localhost:8080/work_packages/${other}`,
          '- Due in 1 day, on 2031-03-05.',
          `Task #${task}: Splice the mainbrace (Harbour)\nhttp://localhost:8080/work_packages/${task}`,
          '- Ada Byron commented: The rum is **gone**. (assigned to you)',
          'Open the notifications:\nhttp://localhost:8080/notifications',
        ].join('\n\n'),
      ),
      `${mail.text}`,
    )
    assert.match(mail.html ?? '', /<ul[^>]*><li>Due in 1 day, on 2031-03-05\.<\/li><\/ul>/)
  })

  test('leaves out what has been read, what was mailed at once and what its recipient does not see', async () => {
    const at = '2031-03-03T10:00:00.000Z'
    await notification(at, { read_ian: true })
    await notification(at, { mailed_at: at })
    const hidden = await on.server.make.workPackage({ project_id: await on.server.make.project(), subject: 'Secret' })
    await notification(at, { work_package_id: hidden })
    assert.deepEqual(await pass(new Date('2031-03-04T08:00:00.000Z')), [])
    await notification('2031-03-04T09:00:00.000Z')
    const mail = one(await pass(new Date('2031-03-05T08:00:00.000Z')))
    assert.equal(mail.subject, 'Halyard: 1 unread notification')
    assert.equal(mail.data.includes('Secret'), false)
  })

  test('that comes late contains what was unread at its time; what is newer is in the next one', async () => {
    await notification('2031-03-03T10:00:00.000Z')
    await notification('2031-03-04T07:05:00.000Z')
    assert.equal(one(await pass(new Date('2031-03-04T10:00:00.000Z'))).subject, 'Halyard: 1 unread notification')
    assert.deepEqual(await pass(new Date('2031-03-04T22:00:00.000Z')), [])
    assert.equal(one(await pass(new Date('2031-03-05T07:00:00.000Z'))).subject, 'Halyard: 1 unread notification')
  })

  test('waits for a working day, and for the end of a pause', async () => {
    const friday = '2031-03-07T20:00:00.000Z'
    await prefer({ pauseReminders: { enabled: true, firstDay: '2031-03-10', lastDay: '2031-03-11' } })
    await notification(friday)
    for (const day of ['08', '09', '10', '11']) assert.deepEqual(await pass(new Date(`2031-03-${day}T12:00:00.000Z`)), [], day)
    assert.equal((await pass(new Date('2031-03-12T12:00:00.000Z'))).length, 1)
  })

  test('is sent once by many processes, at the time of each user', async () => {
    const another = await on.person([], { email: `ben-${count}@example.net`, time_zone: 'Asia/Kathmandu' })
    await notification('2031-03-03T10:00:00.000Z')
    await notification('2031-03-03T10:00:00.000Z', { recipient_id: another.id })
    const passTogether = async (at: string) => {
      smtp.mails.length = 0
      const only = ['notifications.summaries', 'notices.send']
      const due = { now: new Date(at), only, post: post() }
      await Promise.all(Array.from({ length: 3 }, () => runDue(on.server.db, due)))
      await runDue(on.server.db, due)
      return smtp.mails.map(({ recipients }) => recipients[0])
    }
    // Kathmandu is 5:45 hours ahead of UTC.
    assert.deepEqual(await passTogether('2031-03-04T02:00:00.000Z'), [])
    assert.deepEqual(await passTogether('2031-03-04T02:15:00.000Z'), [`ben-${count}@example.net`])
    assert.deepEqual(await passTogether('2031-03-04T07:00:00.000Z'), [`vera-${count}@example.net`])
    assert.deepEqual(await passTogether('2031-03-04T07:15:00.000Z'), [])
  })

  test('takes the same statements to be found, whatever the number of users', async () => {
    const count = async () => {
      const before = on.server.db.statements
      await runDue(on.server.db, { now: new Date('2031-03-04T08:00:00.000Z'), only: ['notifications.summaries'] })
      return on.server.db.statements - before
    }
    await count()
    await notification('2031-03-03T10:00:00.000Z')
    const one = await count()
    for (let i = 0; i < 5; i++) {
      const { id } = await on.person([], { email: `crew-${i}@example.net` })
      await notification('2031-03-03T10:00:00.000Z', { recipient_id: id })
    }
    assert.equal(await count(), one)
  })
})

describe('The address that stops mails', () => {
  const path = (mail: Arrived) =>
    new URL(headerOf(mail, 'List-Unsubscribe')?.slice(1, -1) ?? '').href.replace('http://localhost:8080', '')

  test('works from a mail program, without a page and a sign-in, for this kind and user only', async () => {
    for (const body of [
      'List-Unsubscribe=One-Click',
      '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    ]) {
      await prefer({ immediateReminders: { mentioned: true } })
      await mention()
      const mail = one(await pass())
      assert.equal(headerOf(mail, 'List-Unsubscribe-Post'), 'List-Unsubscribe=One-Click')
      const type = body.startsWith('--') ? 'multipart/form-data; boundary=x' : 'application/x-www-form-urlencoded'
      const reply = await on.server.anonymous.send('POST', path(mail), { body, headers: { 'content-type': type } })
      assert.equal(reply.status, 200, reply.text)
      const { immediateReminders, dailyReminders } = await preferences()
      assert.deepEqual(immediateReminders, { mentioned: false, personalReminder: true })
      assert.equal(dailyReminders.enabled, true)
    }
  })

  test('shows a page with a button, which does it', async () => {
    await notification('2031-03-03T10:00:00.000Z')
    const address = path(one(await pass(new Date('2031-03-04T08:00:00.000Z'))))
    const visitor = browser(on.server.url)
    const shown = await visitor.get(address)
    assert.match(shown.text, /sends you daily summaries of notifications\./)
    assert.equal((await preferences()).dailyReminders.enabled, true, 'looking at it changes nothing')
    const token = /name="token" value="([^"]+)"/.exec(shown.text)?.[1] ?? ''
    assert.match((await visitor.submit('/mail/unsubscribe', { token })).text, /You receive no more daily summaries/)
    assert.deepEqual((await preferences()).dailyReminders, { enabled: false, times: ['08:00'] })
    assert.equal((await preferences()).immediateReminders.mentioned, true)
  })

  test('cannot be made for others, or for another kind', async () => {
    await mention()
    const address = path(one(await pass()))
    for (const wrong of [
      address.replace(`=${me.id}.`, `=${author.id}.`),
      address.replace('.mentioned.', '.digest.'),
      address.replace('.mentioned.', '.constructor.'),
      address.slice(0, -1),
      '/mail/unsubscribe',
    ]) {
      assert.equal((await browser(on.server.url).get(wrong)).status, 410, wrong)
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const reply = await on.server.anonymous.send('POST', wrong, { body: 'List-Unsubscribe=One-Click', headers })
      assert.equal(reply.status, 410, wrong)
    }
    assert.equal((await preferences()).immediateReminders.mentioned, true)
  })
})
