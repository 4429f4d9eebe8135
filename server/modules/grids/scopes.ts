/** Scopes: the addresses of pages, as clients name them. */
import { and, FALSE, name, raw, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import type { Context } from '#kernel/declaration.ts'
import { idFrom } from '#kernel/operation.ts'
import { managedProjects, pageNames, pages } from './pages.ts'

/** A page, and the project of which it is one. */
export interface Place {
  readonly page: string
  readonly project_id: number | null
}

/** The identifier of a project in an address, by the form of a page's; empty for a page of no project, undefined where it is no such page. */
function projectIn(href: string, address: string): string | undefined {
  const [before = '', after] = address.split(':project')
  if (after === undefined) return href === address ? '' : undefined
  const project = href.slice(before.length, href.length - after.length)
  return project !== '' && href === before + project + after && !/[/?#]/.test(project) ? project : undefined
}

/** Whether an address has the form of a page's, of whatever project. */
export const isPage = (href: string): boolean =>
  Object.values(pages).some(({ address }) => projectIn(href, address) !== undefined)

/** The place that an address leads to, whether or not the viewer sees it; undefined where it leads nowhere. */
export async function placeAt(href: string, context: Context): Promise<Place | undefined> {
  for (const [page, { address }] of Object.entries(pages)) {
    const project = projectIn(href, address)
    if (project === undefined) continue
    if (project === '') return { page, project_id: null }
    const project_id = await idFrom(project, context.model.of('Project'), context)
    return project_id === undefined ? undefined : { page, project_id }
  }
  return undefined
}

/** The address of a grid's page, as an expression of the grid. */
export function addressOf(table: string): Sql {
  const identifier = sql`(select projects.identifier from projects where projects.id = ${name(`${table}.project_id`)})`
  const cases = Object.entries(pages).map(([page, { address, permissions }]) => {
    const [before = '', after = ''] = address.split(':project')
    const text = (part: string) => raw(`'${part}'`)
    return sql`when ${raw(`'${page}'`)} then ${permissions ? sql`${text(before)} || ${identifier} || ${text(after)}` : text(address)}`
  })
  return sql`case ${name(`${table}.page`)} ${cases.reduce((all, one) => sql`${all} ${one}`)} end`
}

/** The condition that a grid is at a place. */
export const standingAt = (place: Place | undefined, table: string): Sql =>
  place
    ? and([
        sql`${name(`${table}.page`)} = ${place.page}`,
        ...(place.project_id === null ? [] : [sql`${name(`${table}.project_id`)} = ${place.project_id}`]),
      ])
    : FALSE

/** The addresses at which the viewer can create a grid. At most two statements for a page. */
export async function openScopes({ db, viewer }: Context): Promise<string[]> {
  const found: string[] = []
  for (const page of pageNames) {
    const { address, hasMany } = pages[page] as (typeof pages)[string]
    const rule = managedProjects.get(page)
    if (!rule) {
      const isOpen = viewer.signedIn && viewer.limits.projects === undefined
      const there = isOpen && (await db.one(sql`select 1 as there from grids where page = ${page} and user_id = ${viewer.id}`))
      if (isOpen && !there) found.push(address)
      continue
    }
    const [right] = await rights({ db, viewer }, rule)
    if (!right.anywhere) continue
    const isFree = hasMany ? [] : [sql`not exists (select 1 from grids where page = ${page} and project_id = projects.id)`]
    const rows = await db.all<{ identifier: string }>(
      sql`select identifier from projects where ${and([right.where('projects'), ...isFree])} order by identifier`,
    )
    found.push(...rows.map(({ identifier }) => address.replace(':project', identifier)))
  }
  return found
}
