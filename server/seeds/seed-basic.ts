/** Writes the basic data into an empty instance. */
import type { Transaction } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { phaseDefinitions, priorities, roles, statuses, timeEntryActivities, types, workflowRoles, workflows } from './basic.ts'
import { insertForIds, insertRows } from './rows.ts'

/** Writes everything of `basic.ts` but the administrator. */
export async function seedBasic(tx: Transaction, now: string): Promise<void> {
  const stamps = { created_at: now, updated_at: now }
  await insertRows(tx, 'statuses', statuses)
  await insertRows(
    tx,
    'types',
    types.map((type) => ({ ...type, ...stamps })),
  )
  await insertRows(tx, 'priorities', priorities)
  await insertRows(tx, 'time_entry_activities', timeEntryActivities)
  await insertRows(
    tx,
    'project_phase_definitions',
    phaseDefinitions.map((definition) => ({ ...definition, ...stamps })),
  )

  const roleIds = await insertForIds(
    tx,
    'roles',
    roles.map(({ permissions: _, ...role }) => ({ ...role, ...stamps })),
  )
  await insertRows(
    tx,
    'role_permissions',
    roles.flatMap((role, index) => role.permissions.map((permission) => ({ role_id: roleIds[index]!, permission }))),
  )

  const among = (column: string, names: readonly string[]) => amongTexts(tx.engine, raw(column), names)
  for (const workflow of workflows) {
    await tx.run(sql`
      insert into workflows (type_id, role_id, old_status_id, new_status_id)
      select t.id, r.id, a.id, b.id
      from types t cross join roles r cross join statuses a cross join statuses b
      where a.id <> b.id and ${among('t.name', workflow.types)} and ${among('r.name', workflowRoles)}
        and ${among('a.name', workflow.statuses)} and ${among('b.name', workflow.statuses)}`)
  }
  await invalidate(
    tx,
    'statuses',
    'types',
    'priorities',
    'time_entry_activities',
    'roles',
    'workflows',
    'project_phase_definitions',
  )
}
