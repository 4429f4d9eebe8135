/**
 * Notifications of changes to work packages. Writers do not pay for the row of a job: they mark their entries as unannounced in
 * the statement that writes them, and the marks are the queue. Soon after, a job determines the recipients for many entries at
 * once. It clears the marks in the transaction that writes the notifications, so none is lost or duplicated when a process ends.
 */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { among, amongFirst, amongTexts, moment, recordset } from '#db/dialect.ts'
import { join, raw, sql } from '#db/sql.ts'
import { columnsOf, holdsFor, onWorkPackage } from '#kernel/access/rules.ts'
import { job } from '#kernel/module.ts'
import { type Change, changesOf } from '#kernel/write/history.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { type Mentions, mentionsIn } from '#text/mentions.ts'
import { chosen, isActive, joinSettings } from './audience.ts'
import { mailAtOnce } from './mails.ts'
import { type EntryReason, outranks, reasonsOfEntries } from './reasons.ts'

/** Entries per transaction: writers may have to wait for it. */
const AT_ONCE = 50
/** Transactions per run of the job: under load, notifications are delayed so that writes stay fast. */
const TURNS = 4

export const announceChanges = job('notifications.announce', {
  pending: async (db) => (await db.one(sql`select 1 as one from journals where unannounced limit 1`)) !== undefined,
  run: async ({ db, now }) => {
    for (let turn = 1; turn < TURNS && (await db.transaction((tx) => notifyOfEntries(tx, now))) === AT_ONCE; turn++);
    return (tx) => notifyOfEntries(tx, now)
  },
})

const readsInternal = onWorkPackage('view_internal_comments')
/** The work package of an entry `e`. */
const ofEntry = columnsOf({ id: sql`e.work_package_id`, project_id: sql`e.project_id` })

/** Creates notifications for the oldest unannounced entries; returns their number. */
async function notifyOfEntries(tx: Transaction, now: Date): Promise<number> {
  const entries = await tx.all(sql`
    update journals set unannounced = false
    where unannounced
      and ${amongFirst(tx.engine, raw('id'), sql`select id from journals where unannounced order by id limit ${AT_ONCE}`)}
    returning id, resource, resource_id, version, user_id, notes, internal`)
  if (entries.length === 0) return 0
  const ofWork = entries.filter(({ resource }) => resource === WorkPackage.table)
  const changes = await changesOf(tx, WorkPackage, ofWork)
  const known = ofWork.filter(({ id }) => changes.has(id)).map((entry) => ({ ...entry, ...changes.get(entry.id) }))
  await store(tx, entries, await audienceOf(tx, known as Entry[]), now)
  return entries.length
}

/** An entry, with the state of the work package before and after it. */
type Entry = Row & Change

/** A recipient, with the reason. */
interface Told {
  readonly journal_id: number
  readonly user_id: number
  readonly reason: EntryReason
}

/** The recipients of entries: each user once per entry, with the reason of highest rank. */
async function audienceOf(tx: Transaction, entries: readonly Entry[]): Promise<Told[]> {
  if (entries.length === 0) return []
  const { engine } = tx
  const keys = { journal_id: 'integer', work_package_id: 'integer', actor_id: 'integer', internal: 'boolean' } as const
  const rows = entries.map((one) => ({
    journal_id: one.id,
    work_package_id: one.resource_id,
    actor_id: one.user_id,
    internal: one.internal,
  }))
  const named = await namedIn(tx, entries)
  const done = entries.flatMap((entry) => whatWasDone(entry).map((reason) => ({ journal_id: entry.id, reason })))
  const wants = (reason: EntryReason) => sql`when ${raw(`'${reason}'`)} then ${chosen(reasonsOfEntries[reason])}`
  const asksFor = ({ reason, column }: { reason: string; column: string }) => raw(`when '${reason}' then s.${column}`)
  const options = Object.entries(reasonsOfEntries).map(([reason, column]) => ({ reason, column }))
  const found = await tx.all<Told>(sql`
    with given as (${recordset(engine, keys, rows)}),
    entries as materialized (
      select given.*, (select w.project_id from work_packages w where w.id = given.work_package_id) as project_id from given
    ),
    named as (${recordset(engine, { journal_id: 'integer', principal_id: 'integer', reason: 'text' }, named)}),
    done as (${recordset(engine, { journal_id: 'integer', reason: 'text' }, done)}),
    candidates as (
      select n.journal_id, n.principal_id as user_id, n.reason from named n
      union all
      select n.journal_id, g.user_id, n.reason from named n join group_users g on g.group_id = n.principal_id
      union all
      select e.journal_id, x.user_id, 'watched' from entries e join watchers x on x.work_package_id = e.work_package_id
      union all
      select e.journal_id, m.principal_id, 'shared' from entries e
      join memberships m on m.entity_id = e.work_package_id and m.entity_type = 'WorkPackage'
      union all
      select e.journal_id, s.user_id, d.reason from done d join entries e on e.journal_id = d.journal_id
      join notification_settings s on (s.project_id = e.project_id or s.project_id is null)
        and case d.reason ${join(options.slice(FIRST_OF_DONE).map(asksFor), ' ')} end
    )
    select distinct c.journal_id, c.user_id, c.reason from candidates c
    join entries e on e.journal_id = c.journal_id
    join principals u on u.id = c.user_id and ${isActive} and u.id <> e.actor_id
    ${joinSettings(sql`e.project_id`)}
    where e.project_id is not null and case c.reason ${join(
      options.map(({ reason }) => wants(reason as EntryReason)),
      ' ',
    )} end
      and ${holdsFor(seesWorkPackage, engine, sql`u.id`, ofEntry)}
      and (not e.internal or ${holdsFor(readsInternal, engine, sql`u.id`, ofEntry)})`)
  const strongest = new Map<string, Told>()
  for (const one of found) {
    const key = `${one.journal_id} ${one.user_id}`
    const other = strongest.get(key)
    if (!other || outranks(one.reason, other.reason)) strongest.set(key, one)
  }
  return [...strongest.values()].toSorted((a, b) => a.journal_id - b.journal_id || a.user_id - b.user_id)
}

/** From here on, reasons depend on the change, not on the user's role in the work package. */
const FIRST_OF_DONE = Object.keys(reasonsOfEntries).indexOf('commented')

/** The reasons that the change of an entry gives. */
function whatWasDone({ notes, before, after }: Entry): EntryReason[] {
  const differs = (column: string) => before !== undefined && before[column] !== after[column]
  return [
    ...(notes ? (['commented'] as const) : []),
    ...(before ? [] : (['created'] as const)),
    ...(differs('status_id') ? (['processed'] as const) : []),
    ...(differs('priority_id') ? (['prioritized'] as const) : []),
    ...(differs('start_date') || differs('due_date') ? (['scheduled'] as const) : []),
  ]
}

/** Principals in entries: assignees, accountable users, and those mentioned in a comment or a new description. */
async function namedIn(tx: Reader, entries: readonly Entry[]) {
  const named: { journal_id: number; principal_id: number; reason: EntryReason }[] = []
  const logins: { journal_id: number; login: string }[] = []
  for (const { id: journal_id, notes, before, after } of entries) {
    const add = (principal_id: number | null, reason: EntryReason) => {
      if (principal_id !== null) named.push({ journal_id, principal_id, reason })
    }
    add(after.assigned_to_id, 'assigned')
    add(after.responsible_id, 'responsible')
    const { description } = after
    const texts = [
      mentionsIn(notes ?? ''),
      ...(description && before?.description !== description
        ? [without(mentionsIn(description), mentionsIn(before?.description ?? ''))]
        : []),
    ]
    for (const { users, groups, logins: own } of texts) {
      for (const id of [...users, ...groups]) add(id, 'mentioned')
      logins.push(...own.map((login) => ({ journal_id, login })))
    }
  }
  if (logins.length === 0) return named
  const wanted = [...new Set(logins.map(({ login }) => login))]
  const people = await tx.all<{ id: number; login: string }>(sql`
    select id, lower(login) as login from principals where login is not null and ${amongTexts(tx.engine, sql`lower(login)`, wanted)}`)
  const ids = new Map(people.map(({ id, login }) => [login, id]))
  for (const { journal_id, login } of logins) {
    const principal_id = ids.get(login)
    if (principal_id) named.push({ journal_id, principal_id, reason: 'mentioned' })
  }
  return named
}

/** New mentions. */
const without = (now: Mentions, then: Mentions): Mentions => ({
  users: now.users.filter((id) => !then.users.includes(id)),
  logins: now.logins.filter((login) => !then.logins.includes(login)),
  groups: now.groups.filter((id) => !then.groups.includes(id)),
})

/**
 * Writes notifications. After an entry has grown, its notifications become unread again, and those of former recipients are
 * deleted.
 */
async function store(tx: Transaction, entries: readonly Row[], told: readonly Told[], now: Date): Promise<void> {
  const { engine } = tx
  const at = now.toISOString()
  const columns = { journal_id: 'integer', user_id: 'integer', reason: 'text' } as const
  const journals: number[] = entries.map((entry) => entry.id)
  const isTold = new Set(told.map(({ journal_id, user_id }) => `${journal_id} ${user_id}`))
  const stored = await tx.all<{ id: number; journal_id: number; recipient_id: number }>(
    sql`select id, journal_id, recipient_id from notifications where ${among(engine, sql`journal_id`, journals)}`,
  )
  const over = stored.filter(({ journal_id, recipient_id }) => !isTold.has(`${journal_id} ${recipient_id}`))
  if (over.length > 0) {
    const ids = over.map((one) => one.id)
    await tx.run(sql`delete from notifications where ${among(engine, sql`id`, ids)}`)
  }
  if (told.length === 0) return
  await tx.run(sql`
    insert into notifications
      (recipient_id, actor_id, work_package_id, reason, read_ian, journal_id, internal, created_at, updated_at)
    select x.user_id, j.user_id, j.resource_id, x.reason, false, j.id, j.internal, ${moment(engine, at)}, ${moment(engine, at)}
    from (${recordset(engine, columns, told)}) x join journals j on j.id = x.journal_id
    where true order by j.id, x.user_id
    on conflict (journal_id, recipient_id) where journal_id is not null
    do update set reason = excluded.reason, read_ian = false, updated_at = excluded.updated_at,
      mailed_at = case when notifications.read_ian or notifications.reason <> excluded.reason then null else notifications.mailed_at end`)
  if (told.some(({ reason }) => reason === 'mentioned'))
    await mailAtOnce(tx, among(engine, sql`notifications.journal_id`, journals), now)
}
