/**
 * Date alerts for assignees and watchers of work packages that start or are due in some days, or are overdue: once a day, early
 * in the day of the user's time zone.
 */

import type { Database, Row, Transaction } from '#db/database.ts'
import { day, daysBetween, moment, recordset } from '#db/dialect.ts'
import { breathing } from '#db/slices.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { holdsFor } from '#kernel/access/rules.ts'
import type { JobContext } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { readSettings } from '#kernel/settings.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { chosen, isActive, joinSettings } from './audience.ts'

/** The hour of the day at which alerts are raised. */
const HOUR = 1
/** Days begin at quarters of an hour everywhere. */
const QUARTER = 15 * 60

/** Raises alerts for all time zones in which it is due, in short transactions. What is raised already is not raised again. */
export const alertOfDates = job('notifications.alert', {
  every: QUARTER,
  lease: 600,
  run: async (services) => {
    const { db, now } = services
    for (const { zone, today } of await due(db, now)) await alert(services, zone, today)
  },
})

/** The time zone of the user `u`. */
async function zoneOf(db: Database): Promise<Sql> {
  const { user_default_timezone: otherwise } = await readSettings(db)
  return sql`coalesce(u.time_zone, cast(${otherwise ?? 'UTC'} as text))`
}

/** The time zones of users whose alerts are due and not yet raised, with their current date. */
async function due(db: Database, now: Date): Promise<{ zone: string; today: string }[]> {
  const zones = await db.all<{ zone: string; day: string | null }>(sql`
    select z.zone, d.day from (select distinct ${await zoneOf(db)} as zone from principals u where ${isActive}) z
    left join date_alert_days d on d.time_zone = z.zone order by z.zone`)
  const instant = Temporal.Instant.fromEpochMilliseconds(now.getTime())
  return zones.flatMap(({ zone, day: last }) => {
    const local = instant.toZonedDateTimeISO(zone)
    const today = local.toPlainDate().toString()
    return local.hour >= HOUR && (last === null || last < today) ? [{ zone, today }] : []
  })
}

/** Work packages that are looked at, and alerts that are raised, at once. */
const LOOKED_AT = 5000
const RAISED = 200

/** Raises the alerts of a day for the users in a time zone. */
async function alert({ db, step, now }: JobContext<unknown>, zone: string, today: string): Promise<void> {
  const zoneOfUser = await zoneOf(db)
  const breathe = breathing()
  for (let from = 0; ; ) {
    const some = sql`select id from work_packages where id > ${from} order by id limit ${LOOKED_AT}`
    const end = (await db.one<{ id: number | null }>(sql`select max(id) as id from (${some}) few`))?.id ?? null
    if (end === null) break
    // The search runs before the transactions, so that no writer has to wait for it.
    const alerts = await alertsOf(db, zoneOfUser, zone, today, sql`w.id > ${from} and w.id <= ${end}`)
    for (let i = 0; i < alerts.length; i += RAISED)
      await step((tx) => raise(tx, alerts.slice(i, i + RAISED), today, now.toISOString()))
    from = end
    await breathe()
  }
  await step((tx) =>
    tx.run(sql`
      insert into date_alert_days (time_zone, day) values (${zone}, ${today})
      on conflict (time_zone) do update set day = excluded.day where date_alert_days.day < excluded.day`),
  )
}

/** Raises alerts, unless they have been raised. */
async function raise(tx: Transaction, alerts: readonly Row[], today: string, at: string): Promise<void> {
  const { engine } = tx
  const raised = recordset(engine, { user_id: 'integer', work_package_id: 'integer', alert: 'text' }, alerts)
  // The new alert replaces an unread one.
  await tx.run(sql`
    update notifications set read_ian = true, updated_at = ${at} where id in (
      select n.id from (${raised}) x cross join notifications n
      where n.work_package_id = x.work_package_id and n.recipient_id = x.user_id and n.alert = x.alert
        and n.reason = 'dateAlert' and n.read_ian = false and n.alerted_on < ${today})`)
  await tx.run(sql`
    insert into notifications (recipient_id, work_package_id, reason, read_ian, alert, alerted_on, created_at, updated_at)
    select x.user_id, w.id, 'dateAlert', false, x.alert, ${day(engine, today)}, ${moment(engine, at)}, ${moment(engine, at)}
    from (${raised}) x join work_packages w on w.id = x.work_package_id where true order by w.id, x.user_id, x.alert
    on conflict do nothing`)
}

/**
 * The alerts of open work packages for their assignees, accountable users and watchers.
 * @param some the condition on the work packages `w`
 */
function alertsOf(db: Database, zoneOfUser: Sql, zone: string, today: string, some: Sql): Promise<Row[]> {
  const { engine } = db
  const until = (column: string) => daysBetween(engine, sql`${today}`, name(`w.${column}`))
  const late = sql`-(${until('due_date')})`
  const byRole = (column: string) => sql`
    select w.id, w.${name(column)} as user_id from work w where w.${name(column)} is not null
    union
    select w.id, g.user_id from work w join group_users g on g.group_id = w.${name(column)}`
  return db.all(sql`
    with work as (
      select w.id, w.project_id, w.assigned_to_id, w.responsible_id, w.start_date, w.due_date, t.is_milestone from work_packages w
      join statuses s on s.id = w.status_id and not s.is_closed join types t on t.id = w.type_id
      where ${some} and (w.start_date in (${today}, ${later(today, 1)}, ${later(today, 3)}, ${later(today, 7)})
        or w.due_date in (${today}, ${later(today, 1)}, ${later(today, 3)}, ${later(today, 7)})
        or (w.due_date < ${today} and exists (select 1 from notification_settings x where x.overdue is not null)))
    ),
    involved as (
      ${byRole('assigned_to_id')} union ${byRole('responsible_id')}
      union select w.id, x.user_id from work w join watchers x on x.work_package_id = w.id
    ),
    known as (
      select u.id as user_id, w.id as work_package_id,
        not w.is_milestone and ${until('start_date')} = ${chosen('start_date')} as starts,
        ${until('due_date')} = ${chosen('due_date')} or (${late} > 0 and (${late} - 1) % ${chosen('overdue')} = 0) as ends
      from involved i join work w on w.id = i.id
      join principals u on u.id = i.user_id and ${isActive} and ${zoneOfUser} = ${zone}
      ${joinSettings(sql`w.project_id`)}
      where ${holdsFor(seesWorkPackage, engine, sql`u.id`, (own) => name(`w.${own}`))}
    )
    select user_id, work_package_id, 'startDate' as alert from known where starts
    union all
    select user_id, work_package_id, 'dueDate' from known where ends`)
}

const later = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString()
