/** Invitations to meetings: mails with a calendar entry, when a meeting is created, rescheduled or cancelled. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from '#db/sql.ts'
import type { Mail } from '#kernel/declaration.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'
import { sentBy } from './mails.ts'

const edits = ['view_meetings', 'create_meetings', 'edit_meetings', 'delete_meetings']

let it: Instance
let project: number
/** Who may send invitations, who may not, and two members. */
let [host, clerk, ann, ben]: number[] = []
let inviter: Client
let writer: Client
before(async () => {
  it = await instance()
  project = await it.make.project()
  const people: number[] = []
  for (const name of ['host', 'clerk', 'ann', 'ben'])
    people.push(await it.make.user({ name, email: `${name}@example.net`, time_zone: name === 'ann' ? 'Asia/Tokyo' : null }))
  ;[host, clerk, ann, ben] = people
  await it.make.member(host as number, project, [...edits, 'send_meeting_invites_and_outcomes'])
  await it.make.member(clerk as number, project, edits)
  for (const id of [ann, ben] as number[]) await it.make.member(id, project, ['view_meetings'])
  inviter = await it.as(host as number)
  writer = await it.as(clerk as number)
})
after(() => it.close())
beforeEach(() => it.db.transaction((tx) => tx.run(sql`delete from jobs`)))

const link = (path: string, id: number | undefined) => ({ href: `/api/v3/${path}/${id}` })
const invited = (...people: (number | undefined)[]) => people.map((id) => link('users', id))
const meeting = (people: object[], more: object = {}) => ({
  ...{ title: 'Crew meeting', location: 'On deck', startTime: '2031-02-05T10:00:00Z', duration: 1.5, ...more },
  _links: { project: link('projects', project), invitedUsers: people },
})
const created = ({ status, body, text }: Reply): string => {
  assert.equal(status, 201, text)
  return `/meetings/${body.id}`
}
const changed = async (client: Client, path: string, body: object) => {
  const { lockVersion } = (await client.get(path)).body
  const { status, text } = await client.patch(path, { lockVersion, ...body })
  assert.equal(status, 200, text)
}

const sent = async (meanwhile?: () => Promise<unknown>) =>
  (await sentBy(it.db, meanwhile)).sort((a, b) => a.recipient.localeCompare(b.recipient))
const told = (mails: readonly Mail[]) => mails.map(({ recipient, subject }) => [recipient.split('@')[0], subject])
/** The value of a property of the entry in a mail. */
const entry = ({ calendar }: Mail, property: string) =>
  calendar?.text
    .replaceAll('\r\n ', '')
    .split('\r\n')
    .find((line) => line.startsWith(property))

test('those who are invited get a mail with a calendar entry, in their time zones; who invites gets none', async () => {
  const path = created(await inviter.post('/meetings', meeting(invited(host, ann, ben))))
  const mails = await sent()
  assert.deepEqual(told(mails), [
    ['ann', 'Invitation: Crew meeting'],
    ['ben', 'Invitation: Crew meeting'],
  ])
  const [mail, other] = mails as [Mail, Mail]
  assert.match(
    mail.text,
    /^Hello ann,\n\nYou are invited to the meeting "Crew meeting"\.\n\nFrom: 2031-02-05 19:00\nTo: 2031-02-05 20:30 \(Asia\/Tokyo\)\nLocation: On deck\n/,
  )
  assert.match(other.text, /From: 2031-02-05 10:00\nTo: 2031-02-05 11:30 \(UTC\)/)
  assert.equal(mail.calendar?.method, 'REQUEST')
  const lines = ['METHOD:', 'DTSTART', 'DTEND', 'SUMMARY:', 'LOCATION:', 'STATUS:', 'SEQUENCE:', 'ORGANIZER', 'ATTENDEE']
  assert.deepEqual(
    lines.map((line) => entry(mail, line)),
    [
      'METHOD:REQUEST',
      'DTSTART:20310205T100000Z',
      'DTEND:20310205T113000Z',
      'SUMMARY:Crew meeting',
      'LOCATION:On deck',
      'STATUS:CONFIRMED',
      'SEQUENCE:0',
      'ORGANIZER;CN="host":invalid:nomail',
      'ATTENDEE;CN="ann";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:ann@example.net',
    ],
  )
  assert.ok(entry(mail, 'UID:')?.startsWith(`UID:meeting-${path.split('/').at(-1)}@`))
  assert.deepEqual(await sent(), [], 'once')
})

test('a meeting that is rescheduled is mailed to all, a new participant is invited, and other changes are not mailed', async () => {
  const path = created(await inviter.post('/meetings', meeting(invited(ann))))
  const [first] = await sent()
  await changed(inviter, path, { startTime: '2031-02-06T10:00:00Z', _links: { invitedUsers: invited(ann, ben) } })
  const mails = await sent()
  assert.deepEqual(told(mails), [
    ['ann', 'Meeting changed: Crew meeting'],
    ['ben', 'Invitation: Crew meeting'],
  ])
  assert.equal(entry(mails[0] as Mail, 'UID:'), entry(first as Mail, 'UID:'))
  assert.deepEqual(
    [entry(mails[0] as Mail, 'SEQUENCE:'), entry(mails[0] as Mail, 'DTSTART')],
    ['SEQUENCE:1', 'DTSTART:20310206T100000Z'],
  )
  await changed(inviter, path, { _links: { attendedUsers: invited(ann) } })
  assert.deepEqual(await sent(), [])
})

test('a cancelled meeting, and an invitation that is withdrawn, are taken out of calendars', async () => {
  const path = created(await inviter.post('/meetings', meeting(invited(host, ann, ben))))
  await sent()
  await changed(inviter, path, { _links: { invitedUsers: invited(host, ann) } })
  const withdrawn = await sent()
  assert.deepEqual(told(withdrawn), [['ben', 'Invitation withdrawn: Crew meeting']])
  assert.equal((await inviter.delete(path)).status, 204)
  const cancelled = await sent()
  assert.deepEqual(told(cancelled), [['ann', 'Meeting cancelled: Crew meeting']])
  for (const [mail] of [withdrawn, cancelled] as [Mail][]) {
    assert.deepEqual(
      [mail.calendar?.method, entry(mail, 'METHOD:'), entry(mail, 'STATUS:')],
      ['CANCEL', 'METHOD:CANCEL', 'STATUS:CANCELLED'],
    )
    assert.ok(entry(mail, 'UID:')?.startsWith(`UID:meeting-${path.split('/').at(-1)}@`))
  }
})

test('only those who may send invitations cause them; the next one of them does for what others have changed', async () => {
  const path = created(await writer.post('/meetings', meeting(invited(ann))))
  assert.deepEqual(await sent(), [])
  await changed(inviter, path, { title: 'Captains’ meeting' })
  assert.deepEqual(told(await sent()), [['ann', 'Invitation: Captains’ meeting']])
  assert.equal((await writer.delete(path)).status, 204)
  assert.deepEqual(await sent(), [])
})

test('there is no mail where the request says so, about the past, or of a meeting that is closed', async () => {
  created(await inviter.post('/meetings?notify=false', meeting(invited(ann))))
  const past = created(await inviter.post('/meetings', meeting(invited(ann), { startTime: '2021-02-05T10:00:00Z' })))
  created(await inviter.post('/meetings', meeting(invited(ann), { state: 'closed' })))
  assert.deepEqual(await sent(), [])
  assert.equal((await inviter.delete(past)).status, 204)
  assert.deepEqual(await sent(), [])
})

test('who does not see the meeting when the mail is sent, or is no longer invited, gets none', async () => {
  const path = created(await inviter.post('/meetings', meeting(invited(ann, ben))))
  const mails = await sent(async () => {
    await it.db.transaction((tx) => tx.run(sql`delete from meeting_participants where user_id = ${ann}`))
    await it.db.transaction((tx) => tx.run(sql`update principals set status = 3 where id = ${ben}`))
  })
  await it.db.transaction((tx) => tx.run(sql`update principals set status = 1 where id = ${ben}`))
  assert.deepEqual(mails, [])
  const hide = sql`delete from enabled_modules where project_id = ${project} and name = 'meetings'`
  assert.equal((await inviter.delete(path)).status, 204)
  assert.deepEqual(await sent(() => it.db.transaction((tx) => tx.run(hide))), [])
})
