/** Custom fields of all formats for all resources with custom fields, and values in them. */

import { name, type Sql, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { amend } from '#kernel/write/history.ts'
import { extensible } from '#modules/custom-fields/definitions.ts'
import { type FieldPlan, makeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import type { Instance } from './instance.ts'

type Plan = Omit<FieldPlan, 'resource'>

const plans = (project: number): Plan[] => [
  { name: 'Code word', format: 'string', min_length: 2, max_length: 20, default_value: 'anchor' },
  { name: 'Story', format: 'text' },
  { name: 'Page', format: 'link' },
  { name: 'Points', format: 'int', projects: [project] },
  { name: 'Ratio', format: 'float' },
  { name: 'Day', format: 'date' },
  { name: 'Flag', format: 'bool' },
  { name: 'Size', format: 'list', options: ['S', 'M', 'L'], chosen: ['M'] },
  { name: 'Colours', format: 'list', options: ['red', 'green'], multiple: true },
  { name: 'Tester', format: 'user' },
  { name: 'Testers', format: 'user', multiple: true },
  { name: 'Release', format: 'version' },
  { name: 'Place', format: 'hierarchy', items: [{ label: 'Europe', items: [{ label: 'Spain', short: 'ES' }] }] },
  { name: 'Risk', format: 'weighted_item_list', items: [{ label: 'Low', weight: '0.25' }] },
  { name: 'Hidden', format: 'string', admin_only: true },
]

/** Defines them, and sets them in all rows of the project `lab`, with `person` as the value of user fields. */
export async function addFields({ db }: Instance, lab: number, person: number): Promise<void> {
  await db.transaction(async (tx) => {
    for (const resource of extensible) {
      const values: Record<string, unknown> = {}
      for (const plan of plans(lab)) {
        const id = await makeField(tx, { resource, ...plan })
        const first = async (table: string) =>
          (
            await tx.one<{ id: number }>(
              sql`select id from ${name(table)} where custom_field_id = ${id} order by id desc limit 1`,
            )
          )?.id
        if (plan.format === 'string') values[id] = 'rope'
        if (plan.format === 'text') values[id] = 'A *long* story.'
        if (plan.format === 'int') values[id] = 3
        if (plan.format === 'bool') values[id] = true
        if (plan.format === 'list') values[id] = plan.multiple ? [await first('custom_options')] : await first('custom_options')
        if (plan.format === 'user') values[id] = plan.multiple ? [person] : person
        if (plan.format === 'hierarchy') values[id] = await first('custom_field_items')
      }
      const holders: Record<string, Sql> = {
        Project: sql`id = ${lab}`,
        User: sql`type = 'User'`,
        Group: sql`type = 'Group'`,
      }
      const where = holders[resource] ?? sql`project_id = ${lab}`
      await amend(tx, product, product.of(resource).table, { set: sql`custom_values = ${values}`, where })
    }
    await invalidate(tx, 'projects', 'principals', 'versions')
  })
}
