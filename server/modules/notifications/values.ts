/** Values in the details of notifications, and their schemas. */
import type { Row } from '#db/database.ts'
import type { Body, Operation } from '#kernel/declaration.ts'
import { badRequest, notFound } from '#kernel/errors.ts'
import { ok, operation } from '#kernel/operation.ts'
import { type Message, said } from '#text/messages.ts'

/** Name and type of each value. */
const properties: Readonly<Record<string, { name: Message; type: string }>> = {
  startDate: { name: said`Start date`, type: 'Date' },
  dueDate: { name: said`Finish date`, type: 'Date' },
  date: { name: said`Date`, type: 'Date' },
  note: { name: said`Note`, type: 'String' },
}

const schemaPath = (property: string) => `/api/v3/values/schema/${property}`

/** The schema of a value. */
export const valueSchema = (property: string): Body => ({
  _type: 'Schema',
  property: { name: said`Property`, type: 'String' },
  value: properties[property],
  _links: { self: { href: schemaPath(property) } },
})

/** The details of a notification: the date of an alert, or the note of a reminder. */
export function detailsOf({ id, alert, is_milestone, start_date, due_date, note }: Row): Body[] {
  const property = alert ? (is_milestone ? 'date' : alert) : note === null ? undefined : 'note'
  if (!property) return []
  const value = alert ? (alert === 'startDate' ? start_date : due_date) : note
  // The date may have been cleared since.
  if (value === null) return []
  return [
    {
      _type: 'Values::Property',
      property,
      value,
      _links: { self: { href: `/api/v3/notifications/${id}/details/0` }, schema: { href: schemaPath(property) } },
    },
  ]
}

const viewValueSchema = operation({
  method: 'GET',
  path: '/values/schema/:id',
  summary: 'View the schema of a value',
  description: 'Describes the value in the details of notifications: its name and its type, by property.',
  tag: 'Values::Property',
  answers: { status: 200, of: 'ValueSchema', as: 'single' },
  run: async ({ params }) => {
    const { id = '' } = params
    if (!/^[a-z][A-Za-z0-9]*$/.test(id)) throw badRequest(said`The property must be named in camelCase, such as startDate.`)
    if (!Object.hasOwn(properties, id)) throw notFound()
    return ok(valueSchema(id))
  },
})

export const operations: readonly Operation[] = [viewValueSchema]
