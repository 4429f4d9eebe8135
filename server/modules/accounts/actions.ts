/** Actions that capabilities refer to. They follow from the permission catalogue, so there is no table of them. */
import { TRUE } from '#db/sql.ts'
import type { Body, Model, Operation, Queryable } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { operation } from '#kernel/operation.ts'
import { computed } from '#kernel/read/list.ts'

const idsIn = ({ apiActions }: Model): string[] => apiActions.map(({ id }) => id)

/** Whether an action exists. */
export const isAction = ({ apiActions }: Model, wanted: string): boolean => apiActions.some(({ id }) => id === wanted)

const represented = (id: string): Body => ({ _type: 'Action', id, _links: { self: { href: actionHref(id) } } })

/** The address of an action; its id contains a slash. */
export const actionHref = (id: string): string => `/api/v3/actions/${id}`

export const actionList: Queryable = {
  table: 'permissions',
  properties: [],
  property: new Map(),
  filters: {
    id: { strategy: 'list', allowed: (values, { model }) => values.every((value) => isAction(model, value)), where: () => TRUE },
  },
  sorts: { id: () => TRUE },
}

const listActions = operation({
  method: 'GET',
  path: '/actions',
  summary: 'List actions',
  description: 'Lists the actions that capabilities can have, such as `work_packages/read`.',
  tag: 'Action',
  answers: { status: 200, of: 'Action', as: 'collection' },
  query: ['filters', 'sortBy', 'select', 'offset', 'pageSize'],
  run: async ({ context }) => ({
    body: await computed(context, actionList, ['id'], async ({ filters, sorts, offset, pageSize }) => {
      const found = idsIn(context.model).filter((id) =>
        filters.every(({ operator, values }) => values.includes(id) === (operator === '=')),
      )
      if (sorts[0]?.descending) found.reverse()
      return { elements: found.slice((offset - 1) * pageSize, offset * pageSize).map(represented), total: found.length }
    }),
  }),
})

const viewAction = operation({
  method: 'GET',
  path: '/actions/*',
  summary: 'View an action',
  description: 'Returns one action by its id, which contains a slash.',
  tag: 'Action',
  answers: { status: 200, of: 'Action', as: 'single' },
  run: async ({ context, params }) => {
    const id = params['*']
    if (!isAction(context.model, id)) throw notFound()
    return { body: represented(id) }
  },
})

export const operations: readonly Operation[] = [listActions, viewAction]
