/**
 * Rows inserted into responses of Halyard. The bodies are changed in place, so that the measurement covers little more than
 * reading the rows and serializing a body.
 */

export type Body = Record<string, any>

/** Changes the target of a link to the row with this id. */
function point(link: Body, resource: string, id: number | null): void {
  link.href = id === null ? null : `/api/v3/${resource}/${id}`
}

/** Inserts a row into a single work package or an element of a list. */
export function fillWorkPackage(body: Body, row: Body): void {
  body.lockVersion = row.lock_version
  body.id = row.id
  body.subject = row.subject
  body.description.raw = row.description ?? ''
  if ('date' in body) body.date = row.due_date
  else {
    body.startDate = row.start_date
    body.dueDate = row.due_date
  }
  body.percentageDone = row.done_ratio
  body.createdAt = row.created_at
  body.updatedAt = row.updated_at
  const links = body._links
  point(links.self, 'work_packages', row.id)
  links.self.title = row.subject
  point(links.author, 'users', row.author_id)
  point(links.project, 'projects', row.project_id)
  point(links.assignee, 'users', row.assigned_to_id)
  point(links.responsible, 'users', row.responsible_id)
  point(links.type, 'types', row.type_id)
  point(links.status, 'statuses', row.status_id)
  point(links.category, 'categories', row.category_id)
  point(links.version, 'versions', row.version_id)
  point(links.priority, 'priorities', row.priority_id)
  links.parent = row.parent ?? { href: null }
  links.ancestors = row.ancestors
  if (row.children.length > 0) links.children = row.children
}

/** Inserts a former version of a row into the element that it is compared in. */
export function fillVersion(body: Body, version: Body): void {
  const { priority } = body._embedded.attributesByTimestamp[0]._links
  if (priority) point(priority, 'priorities', version.priority_id)
}

/** Inserts a row into an element of a list of projects. */
export function fillProject(body: Body, row: Body): void {
  body.id = row.id
  body.identifier = row.identifier
  body.name = row.name
  body.description.raw = row.description ?? ''
  body.createdAt = row.created_at
  body.updatedAt = row.updated_at
  point(body._links.self, 'projects', row.id)
  body._links.self.title = row.name
}

/** Inserts a saved query; its results are another body. */
export function fillQuery(body: Body, row: Body): void {
  body.id = row.id
  body.name = row.name
  body.createdAt = row.created_at
  body.updatedAt = row.updated_at
  point(body._links.user, 'users', row.user_id)
}

/** Inserts count and sums into a group. */
export function fillGroup(group: Body, row: Body): Body {
  group.count = row.count
  group.sums = sumsOf(row)
  return group
}

/** Sums of work packages, as the API represents them. */
export function sumsOf({ work, remaining }: Body): Body {
  return {
    estimatedTime: work === null ? null : duration(work),
    remainingTime: remaining === null ? null : duration(remaining),
    percentageDone: work ? Math.round((100 * (work - remaining)) / work) : null,
  }
}

/** Whole hours as days and hours. */
function duration(total: number): string {
  const [days, hours] = [Math.floor(total / 24), total % 24]
  return total === 0 ? 'PT0S' : `P${days > 0 ? `${days}D` : ''}${hours > 0 ? `T${hours}H` : ''}`
}
