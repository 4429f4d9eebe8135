/** Statuses of accounts: a number in the column, a name in the API. */
import type { Kind } from '#kernel/declaration.ts'
import { text } from '#kernel/kinds.ts'

export const ACTIVE = 1
export const REGISTERED = 2
export const LOCKED = 3
export const INVITED = 4

/** Numbers by name; without a prototype, so that inherited names do not match. */
export const accountStatuses: Readonly<Record<string, number>> = Object.assign(Object.create(null), {
  active: ACTIVE,
  registered: REGISTERED,
  locked: LOCKED,
  invited: INVITED,
})

const names = new Map(Object.entries(accountStatuses).map(([name, number]) => [number, name]))

/** Keeps an unknown name, which the checks reject. */
export const accountStatus: Kind = {
  type: 'String',
  json: { type: 'string', enum: Object.keys(accountStatuses) },
  render: (value) => names.get(value) ?? value,
  parse: (value) => {
    const name = text.parse(value) as string
    return accountStatuses[name] ?? name
  },
  strategy: 'list',
}
