/** Three work packages that differ in all sortable and groupable properties; the third has hardly any values. */
import { changed, created, link, type Scene } from './scene.ts'

export interface Sample {
  /** `beta` of Ship: a Bug in progress, of high priority, for Zoe Abel, half done, on 2.0. */
  readonly beta: number
  /** `Alpha` of anchorage: a new Feature of low priority, for Adam Berg, not begun, on 1.0. */
  readonly alpha: number
  /** `gamma` of Ship: a closed Task. */
  readonly gamma: number
  /** Zoe Abel. */
  readonly zoe: number
}

/** Creates them, in this order: beta, Alpha, gamma; Alpha is changed last. */
export async function sample(it: Scene): Promise<Sample> {
  const { admin, project, make } = it
  const other = await make.project({ name: 'anchorage', identifier: 'anchorage' })
  const zoe = await make.user({ first_name: 'Zoe', last_name: 'Abel', name: 'Zoe Abel' })
  const adam = await make.user({ first_name: 'Adam', last_name: 'Berg', name: 'Adam Berg' })
  for (const id of [zoe, adam]) {
    for (const where of [project, other]) {
      await make.member(id, where, ['work_package_assigned', 'view_work_packages', 'add_work_packages'])
    }
  }
  const early = await it.version({ project_id: project, name: '1.0', sharing: 'system' })
  const late = await it.version({ project_id: project, name: '2.0', sharing: 'system' })
  const add = async (where: number, body: object, links: object) =>
    (await created(await it.as(adam), where, { ...body, _links: links })).id
  const beta = await add(
    project,
    { subject: 'beta', startDate: '2024-03-04', dueDate: '2024-03-08', estimatedTime: 'PT4H', percentageDone: 50 },
    {
      type: link('types', await it.types('Bug')),
      status: link('statuses', await it.statuses('In progress')),
      priority: link('priorities', await it.priorities('High')),
      assignee: link('users', zoe),
      responsible: link('users', adam),
      category: link('categories', await it.category({ project_id: project, name: 'hull' })),
    },
  )
  const alpha = await add(
    other,
    { subject: 'Alpha', startDate: '2024-03-05', dueDate: '2024-03-06', estimatedTime: 'PT8H', remainingTime: 'PT8H' },
    {
      type: link('types', await it.types('Feature')),
      priority: link('priorities', await it.priorities('Low')),
      assignee: link('users', adam),
      responsible: link('users', zoe),
      category: link('categories', await it.category({ project_id: other, name: 'Rig' })),
    },
  )
  const closed = link('statuses', await it.statuses('Closed'))
  const gamma = (await created(admin, project, { subject: 'gamma', _links: { status: closed } })).id
  await changed(admin, beta, { _links: { version: link('versions', late) } })
  await changed(admin, alpha, { _links: { version: link('versions', early) } })
  return { beta, alpha, gamma, zoe }
}
