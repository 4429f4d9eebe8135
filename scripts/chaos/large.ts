/**
 * Large writes beside the work of others: a long chain of followers is moved, a work package with many below it is moved to
 * another project and deleted, and so is a project of many work packages. Nobody else may wait for them, and wherever the process is killed, nothing is left over or half done.
 */
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Transaction } from '#db/database.ts'
import { hasPending } from '#db/search.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import { hashToken } from '#identity/tokens.ts'
import { endLeases } from '#jobs/queue.ts'
import { begin, record } from '#kernel/write/history.ts'
import { openDatabase } from '#server/commands/database.ts'
import { product } from '#server/modules.ts'
import { orphans } from '#test/layout.ts'
import type { Random } from '../../bench/random.ts'
import { type Halyard, serve } from '../server.ts'
import { ask } from './load.ts'

export interface LargePlan {
  /** Flags of the server, and the URL of its database. */
  readonly where: readonly string[]
  readonly url: string
  readonly token: string
  readonly kills: number
  /** Work packages of the deleted project, and of the chain and the branch. */
  readonly size: number
  readonly followers: number
  /** The longest time a request of the others may take, in milliseconds. */
  readonly patience: number
  readonly random: Random
}

const PEOPLE = 12
const READER = 'opapi-reader-of-the-storm'
const START = '2026-01-05'
const MOVED = '2027-03-01'

interface Ids {
  readonly storm: number
  readonly doomed: number
  readonly chain: number
  /** Work packages: the first and the last of the doomed ones, of the chain, of the branch, whose first is above all, and of the others. */
  readonly packages: Readonly<Record<'doomed' | 'chain' | 'branch' | 'storm', readonly [number, number]>>
}

/** Runs the scenario on one engine. */
export async function large(plan: LargePlan): Promise<{ told: string[]; wrong: string[] }> {
  const { token, where, url, kills, followers } = plan
  let server = await serve(token, ...where)
  const projects = await makeProjects(server, token)
  await server.stop()
  const db = await openDatabase(url)
  const ids = await fill(db, projects, plan)
  await db.close()

  const start = () => serve(token, ...where)
  server = await start()
  const told = { push: (line: string) => console.log(`  ${line}`) }
  const wrong: string[] = []
  const observed = async (what: string, ms: number) => {
    const stop = measure(server, plan, ids)
    await sleep(ms)
    told.push(`${what}: ${summary(await stop(), wrong, Number.POSITIVE_INFINITY)}`)
  }
  await observed('at the start, with all texts to be indexed', 10_000)
  while (!(await isIndexed(url))) await sleep(200)
  await observed('with nothing else to do', 5000)
  const agent = new Agent()
  const api = (method: string, path: string, body?: unknown, as = token) =>
    ask(agent, server.url, as, method, `/api/v3${path}`, body)

  /** Has something done beside the work of others, killing the server meanwhile. */
  const during = async (what: string, begin: () => ReturnType<typeof ask>, isDone: () => Promise<boolean>) => {
    let stop = measure(server, plan, ids)
    await sleep(300)
    const began = performance.now()
    const { status, body, ms: answered } = await begin()
    if (status !== 200 && status !== 204) wrong.push(`${what}: ${status} ${JSON.stringify(body).slice(0, 300)}`)
    // To look takes seconds, in which what is deleted may be gone before the server is killed.
    const look = async () => {
      if (what.startsWith('deletion')) wrong.push(...(await visible(server, plan, ids, what)))
    }
    if (kills === 0) await look()
    if (answered > plan.patience && kills === 0) wrong.push(`${what}: its own request took ${Math.round(answered)} ms`)
    let killed = 0
    for (let n = 0; n < kills && !(await isDone()); n++) {
      await sleep(20 + plan.random() * 400)
      killed++
      await server.kill()
      await stop()
      await expire(url)
      server = await start()
      stop = measure(server, plan, ids)
      if (n % 5 === 2) await look()
    }
    while (!(await isDone())) {
      if (performance.now() - began > 600_000) {
        wrong.push(`${what}: it did not end within ten minutes`)
        break
      }
      await sleep(100)
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const limit = kills > 0 ? Number.POSITIVE_INFINITY : plan.patience
    told.push(
      `${what}: killed ${killed} times, answered in ${Math.round(answered)} ms, done in ${seconds} s; ${summary(await stop(), wrong, limit)}`,
    )
  }

  const [first, last] = ids.packages.chain
  const end = weekdayAfter(MOVED, followers - 1)
  await during(
    'chain',
    async () => {
      const { lockVersion } = (await api('GET', `/work_packages/${first}`)).body
      return api('PATCH', `/work_packages/${first}`, { lockVersion, startDate: MOVED, dueDate: MOVED })
    },
    async () => (await api('GET', `/work_packages/${last}`)).body?.startDate === end,
  )
  const [root, lowest] = ids.packages.branch
  await during(
    'move of a branch',
    async () => {
      const { lockVersion } = (await api('GET', `/work_packages/${root}`)).body
      return api('PATCH', `/work_packages/${root}`, {
        lockVersion,
        _links: { project: { href: `/api/v3/projects/${ids.chain}` } },
      })
    },
    () =>
      isEmpty(url, sql`select 1 as one from work_packages where id between ${root} and ${lowest} and project_id <> ${ids.chain}`),
  )
  await during(
    'deletion of a branch',
    () => api('DELETE', `/work_packages/${root}`),
    () => isEmpty(url, sql`select 1 as one from work_packages where id between ${root} and ${lowest}`),
  )
  await during(
    'deletion',
    () => api('DELETE', `/projects/${ids.doomed}`),
    async () => (await api('GET', `/projects/${ids.doomed}`)).status === 404,
  )
  const since = performance.now()
  while (!(await isEmpty(url, dueRemovals()))) {
    if (performance.now() - since > LONGEST_REMOVAL_MS) {
      wrong.push('files are not removed')
      break
    }
    await sleep(200)
  }
  told.push(`files: removed ${((performance.now() - since) / 1000).toFixed(1)} s later`)
  if (server.isDead()) wrong.push('the server died')
  await server.stop()
  const after = await openDatabase(url)
  wrong.push(...(await leftovers(after, plan, ids)))
  await after.close()
  return { told: [], wrong: [...new Set(wrong)] }
}

export async function makeProjects(server: Halyard, token: string): Promise<Pick<Ids, 'storm' | 'doomed' | 'chain'>> {
  const agent = new Agent()
  const make = async (identifier: string, parent?: number) => {
    const _links = parent === undefined ? {} : { parent: { href: `/api/v3/projects/${parent}` } }
    const { status, body } = await ask(agent, server.url, token, 'POST', '/api/v3/projects', {
      name: identifier,
      identifier,
      _links,
    })
    if (status !== 201) throw new Error(`The project could not be made: ${JSON.stringify(body)}`)
    return body.id as number
  }
  const [storm, chain, doomed] = [await make('storm'), await make('chain'), await make('doomed')]
  await make('doomed-below', doomed)
  return { storm, chain, doomed }
}

/** Rows as many as a project has after some years, in a few statements. */
export async function fill(db: Database, projects: Pick<Ids, 'storm' | 'doomed' | 'chain'>, plan: LargePlan): Promise<Ids> {
  const at = '2026-01-01T08:00:00.000Z'
  const ids = await db.transaction(async (tx) => {
    const one = async (text: string) => (await tx.one<{ id: number }>(sql`${raw(text)}`))!.id
    const [type, status, priority, admin, role] = [
      await one('select id from types order by position limit 1'),
      await one('select id from statuses where is_default'),
      await one('select id from priorities order by position limit 1'),
      await one('select id from principals where admin'),
      await one(`select id from roles where name = 'Member'`),
    ]
    await tx.run(sql`insert into principals (type, name, login, first_name, last_name, email, admin, status, created_at, updated_at)
      values ('User', 'Reader Storm', 'reader', 'Reader', 'Storm', 'reader@example.net', ${false}, 1, ${at}, ${at})`)
    const reader = await one(`select id from principals where login = 'reader'`)
    await tx.run(sql`insert into tokens (user_id, name, hash, created_at, scopes)
      values (${reader}, 'chaos', ${hashToken(READER)}, ${at}, '["api_v3"]')`)
    await tx.run(sql`insert into memberships (principal_id, project_id, created_at, updated_at)
      select ${reader}, id, ${sql`created_at`}, created_at from projects`)
    await tx.run(
      sql`insert into membership_roles (membership_id, role_id) select id, ${role} from memberships where principal_id = ${reader}`,
    )
    const series = (n: number) => sql`with recursive n (n) as (select 1 union all select n + 1 from n where n < ${n})`
    const packages = async (project: number, subject: string, n: number, manual: boolean) => {
      const before = (await tx.one<{ id: number | null }>(sql`select max(id) as id from work_packages`))?.id ?? 0
      await tx.run(sql`insert into work_packages (project_id, type_id, status_id, priority_id, author_id, subject, description, start_date,
          due_date, duration, schedule_manually, ignore_non_working_days, created_at, updated_at)
        ${series(n)} select p.id, ${type}, ${status}, ${priority}, ${admin}, ${raw(`'${subject} '`)} || n,
          'As it was said in the meeting, the rigging has to be looked at before the harbour is left, by whoever is on deck ' || n,
          cast(${START} as ${raw(tx.engine === 'postgres' ? 'date' : 'text')}), cast(${START} as ${raw(tx.engine === 'postgres' ? 'date' : 'text')}),
          1, ${raw(manual ? 'true' : 'false')}, false, p.created_at, p.created_at
        from n cross join projects p where p.id = ${project} order by n`)
      const last = (await tx.one<{ id: number }>(sql`select max(id) as id from work_packages`))!.id
      return [before + 1, last] as const
    }
    const storm = await packages(projects.storm, 'Storm', 2000, true)
    const chain = await packages(projects.chain, 'Chain', plan.followers, false)
    const branch = await packages(projects.storm, 'Branch', plan.followers, true)
    const doomed = await packages(projects.doomed, 'Doomed', plan.size, true)
    const [low, high] = doomed
    const some = (step: number) => sql`w.id between ${low} and ${high} and w.id % ${step} = 0`
    const tie = (where: string, type: string, apart: number, from: readonly [number, number]) =>
      tx.run(sql`insert into relations (from_id, to_id, relation_type, created_at, updated_at)
        select id + ${apart}, id, ${raw(`'${type}'`)}, created_at, created_at from work_packages where id >= ${from[0]} and id <= ${from[1] - apart} ${raw(where)}`)
    await tie('', 'follows', 1, chain)
    await tie('', 'relates', 1, doomed)
    await tie('and id % 3 = 0', 'follows', 2, doomed)
    await tx.run(
      sql`update work_packages set parent_id = (id / 10) * 10 where id between ${low + 10} and ${high} and id % 10 <> 0`,
    )
    // Ten below each, as far as they go.
    await tx.run(sql`update work_packages set parent_id = ${branch[0]} + (id - ${branch[0]} - 1) / 10
      where id > ${branch[0]} and id <= ${branch[1]}`)
    await tx.run(sql`insert into versions (project_id, name, status, sharing, created_at, updated_at)
      ${series(100)} select p.id, 'Release ' || n, 'open', 'none', p.created_at, p.created_at from n cross join projects p where p.id = ${projects.doomed}`)
    const version = await one('select min(id) as id from versions')
    await tx.run(sql`update work_packages set version_id = ${version} + id % 100 where id between ${low} and ${high}`)
    await tx.run(sql`insert into time_entries (project_id, entity_type, entity_id, user_id, logged_by_id, spent_on, hours, ongoing, created_at, updated_at)
      select w.project_id, 'WorkPackage', w.id, ${reader}, ${reader}, w.start_date, 1.5, false, w.created_at, w.created_at
      from work_packages w where ${some(1)}`)
    await tx.run(
      sql`insert into watchers (work_package_id, user_id) select w.id, ${reader} from work_packages w where ${some(4)}`,
    )
    await tx.run(sql`insert into news (project_id, title, author_id, created_at, updated_at)
      ${series(200)} select p.id, 'Doomed news ' || n, ${admin}, p.created_at, p.created_at from n cross join projects p where p.id = ${projects.doomed}`)
    await begin(tx, product.of('WorkPackage'))
    await begin(tx, product.of('News'))
    await again(tx, low, high, admin)
    await tx.run(sql`insert into attachments (container_type, container_id, author_id, file_name, content_type, file_size, storage_name, status, created_at, updated_at)
      select 'WorkPackage', w.id, ${admin}, 'doomed.txt', 'text/plain', 3,
        'd00d' || substr('0000000000000000000000000000' || cast(w.id as text), length(cast(w.id as text)) + 1), 'uploaded', w.created_at, w.created_at
      from work_packages w where ${some(10)}`)
    await tx.run(sql`insert into notifications (recipient_id, work_package_id, reason, read_ian, internal, journal_id, created_at, updated_at)
      select ${reader}, w.id, 'watched', false, false, (select max(j.id) from journals j where j.resource = 'work_packages' and j.resource_id = w.id),
        w.created_at, w.created_at from work_packages w where ${some(8)}`)
    return { ...projects, packages: { storm, chain, branch, doomed } }
  })
  if (db.engine === 'postgres') await db.script('vacuum analyze')
  return ids
}

/** Second entries of the history. */
async function again(tx: Transaction, low: number, high: number, actor: number): Promise<void> {
  const rows = await tx.all<{ id: number }>(sql`select id from work_packages where id between ${low} and ${high}`)
  const entry = { actor, at: '2026-01-02T08:00:00.000Z', window: 0, notes: 'Said in the meeting.' }
  for (let i = 0; i < rows.length; i += 10_000) {
    const some = rows.slice(i, i + 10_000).map(({ id }) => id)
    await record(tx, product.of('WorkPackage'), some, entry)
  }
}

/** More than the lease of a killed process. */
const LONGEST_REMOVAL_MS = 120_000

const dueRemovals = () => sql`select 1 as one from jobs where name = 'files.remove' and due_at <= ${new Date().toISOString()}`

/** Has the leases of a killed process run out, as nobody but a new process on SQLite knows that it was killed. */
async function expire(url: string): Promise<void> {
  const db = await openDatabase(url)
  await endLeases(db)
  await db.close()
}

/** Whether a query finds nothing. */
async function isEmpty(url: string, query: Sql): Promise<boolean> {
  const db = await openDatabase(url)
  const row = await db.one(sql`${query} limit 1`)
  await db.close()
  return row === undefined
}

/** Whether no texts wait to be indexed. */
async function isIndexed(url: string): Promise<boolean> {
  const db = await openDatabase(url)
  const isWaiting = await hasPending(db)
  await db.close()
  return !isWaiting
}

interface Measured {
  readonly slowest: Map<string, number>
  readonly counts: Map<string, number>
  readonly faults: Set<string>
  /** Times of answers that need nothing but the event loop. */
  readonly loop: number[]
}

/** People who read and write elsewhere; gives a function that stops them. */
function measure(server: Halyard, { token }: LargePlan, ids: Ids): () => Promise<Measured> {
  const agent = new Agent({ keepAlive: true })
  const seen: Measured = { slowest: new Map(), counts: new Map(), faults: new Set(), loop: [] }
  let going = true
  const one = async (what: string, as: string, method: string, path: string, body?: unknown, expected = [200, 201]) => {
    const told = await ask(agent, server.url, as, method, path, body)
    // A killed server breaks connections.
    if (told.status > 0 || told.status === -1) {
      seen.slowest.set(what, Math.max(seen.slowest.get(what) ?? 0, told.ms))
      seen.counts.set(what, (seen.counts.get(what) ?? 0) + 1)
      if (!expected.includes(told.status))
        seen.faults.add(`${what} ${path}: ${told.status} ${JSON.stringify(told.body).slice(0, 200)}`)
    }
    return told
  }
  const [low, high] = ids.packages.storm
  const whole = (at: string) => `/api/v3/projects/${ids.storm}/work_packages${at}`
  const search = encodeURIComponent(JSON.stringify([{ typeahead: { operator: '**', values: ['Storm 19'] } }]))
  const work: readonly ((n: number) => Promise<unknown>)[] = [
    (n) => one('single', READER, 'GET', `/api/v3/work_packages/${low + (n % (high - low))}`),
    (n) => one('list', READER, 'GET', whole(`?pageSize=20&offset=${1 + (n % 5)}`)),
    () => one('search', READER, 'GET', whole(`?pageSize=20&filters=${search}`)),
    (n) => one('create', token, 'POST', whole(''), { subject: `Storm new ${n}`, description: { raw: 'Rain' } }),
    async (n) => {
      const path = `/api/v3/work_packages/${low + (n % (high - low))}`
      const { body, status } = await one('single', token, 'GET', path)
      if (status === 200)
        await one('update', token, 'PATCH', path, { lockVersion: body.lockVersion, subject: `Storm 19 ${n}` }, [200, 409])
    },
    () => one('everything', READER, 'GET', '/api/v3/work_packages?pageSize=5'),
  ]
  let turn = 0
  const person = async (which: number) => {
    while (going) {
      await work[which % work.length]!(turn++)
      await sleep(25)
    }
  }
  // An answer without work takes as long as the event loop is held.
  const look = async () => {
    while (going) {
      const { status, ms } = await ask(agent, server.url, token, 'GET', '/livez')
      if (status === 200) seen.loop.push(ms)
      await sleep(5)
    }
  }
  const all = Promise.all([look(), ...Array.from({ length: PEOPLE }, (_, i) => person(i))])
  return async () => {
    going = false
    await all
    agent.destroy()
    return seen
  }
}

/** The measurements in words; adds what took too long to the faults. */
function summary({ slowest, counts, faults, loop }: Measured, wrong: string[], limit: number): string {
  wrong.push(...faults)
  for (const [what, ms] of slowest) if (ms > limit) wrong.push(`${what} took ${Math.round(ms)} ms`)
  const each = [...slowest].map(([what, ms]) => `${what} ${Math.round(ms)}`).join(', ')
  const sorted = loop.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  const sum = [...counts.values()].reduce((a, b) => a + b, 0)
  return `${sum} requests of others, the slowest in ms: ${each}; the event loop was held for ${Math.round(at(1))} ms at most, ${Math.round(at(0.99))} ms in 99 of 100 cases`
}

/** What anybody can see of what is being deleted, though nothing is to be seen. */
async function visible(server: Halyard, { token }: LargePlan, { doomed, packages }: Ids, what: string): Promise<string[]> {
  const agent = new Agent()
  const wrong: string[] = []
  const isBranch = what === 'deletion of a branch'
  const [low, high] = isBranch ? packages.branch : packages.doomed
  const word = isBranch ? 'Branch' : 'Doomed'
  const by = (filters: object) => encodeURIComponent(JSON.stringify([filters]))
  const inIt = by({ project: { operator: '=', values: [String(doomed)] } })
  const of = by({ workPackage: { operator: '=', values: [String(high)] } })
  const lists = [
    `/projects/${doomed}/work_packages`,
    `/work_packages?filters=${by({ project: { operator: '=', values: [String(doomed)] } })}`,
    `/work_packages?filters=${by({ typeahead: { operator: '**', values: [word] } })}`,
    `/time_entries?filters=${inIt}`,
    `/time_entries?filters=${of}`,
    `/relations?filters=${by({ involved: { operator: '=', values: [String(high)] } })}`,
    `/projects/${doomed}/versions`,
    `/news?filters=${by({ project_id: { operator: '=', values: [String(doomed)] } })}`,
    `/memberships?filters=${inIt}`,
    `/notifications`,
    `/queries?filters=${by({ project_id: { operator: '=', values: [String(doomed)] } })}`,
    `/projects?filters=${by({ active: { operator: '=', values: ['t'] } })}&pageSize=100`,
    `/activities`,
  ]
  const singles = [low, low + 7, Math.floor((low + high) / 2), high - 3, high].flatMap((id) => [
    `/work_packages/${id}`,
    `/work_packages/${id}/activities`,
    `/work_packages/${id}/attachments`,
    `/work_packages/${id}/relations`,
    `/work_packages/${id}/watchers`,
  ])
  for (const as of [token, READER]) {
    const who = as === token ? 'the administrator' : 'a member'
    for (const path of singles) {
      const { status } = await ask(agent, server.url, as, 'GET', `/api/v3${path}`)
      if (status !== 404) wrong.push(`${who} gets ${status} at ${path}`)
    }
    for (const path of lists) {
      const { status, body } = await ask(agent, server.url, as, 'GET', `/api/v3${path}`)
      if (status === 200 && new RegExp(word, 'i').test(JSON.stringify(body._embedded?.elements ?? [])))
        wrong.push(`${who} sees something of it at ${path}`)
      if (status >= 500) wrong.push(`${path} answers ${status}`)
    }
  }
  return wrong
}

/** What is left of the deleted project, and what is wrong in the moved chain. */
async function leftovers(db: Database, { followers }: LargePlan, { doomed, packages }: Ids): Promise<string[]> {
  const wrong = (await orphans(db)).map((one) => `left over: ${one}`)
  const [low, high] = packages.doomed
  for (const [table, column] of [
    ['work_packages', 'id'],
    ['work_package_versions', 'id'],
    ['relations', 'from_id'],
    ['watchers', 'work_package_id'],
    ['notifications', 'work_package_id'],
    ['time_entries', 'entity_id'],
    ['attachments', 'container_id'],
    ['journals', 'resource_id'],
  ] as const) {
    const rows = await db.one<{ n: number }>(
      sql`select count(*) as n from ${raw(table)} where ${raw(column)} between ${low} and ${high} ${raw(table === 'journals' ? `and resource = 'work_packages'` : '')}`,
    )
    if (rows!.n > 0) wrong.push(`${rows!.n} rows of ${table} are left`)
  }
  if (await db.one(sql`select 1 as one from projects where id = ${doomed}`)) wrong.push('the project is left')
  const chain = await db.all<{ id: number; start_date: string; lock_version: number }>(
    sql`select id, start_date, lock_version from work_packages where id between ${packages.chain[0]} and ${packages.chain[1]} order by id`,
  )
  let day = MOVED
  for (const { id, start_date } of chain) {
    if (start_date !== day) {
      wrong.push(`the chain is wrong from ${id} on: ${start_date} instead of ${day}`)
      break
    }
    day = weekdayAfter(day, 1)
  }
  const twice = chain.filter(({ lock_version }) => lock_version !== 1).length
  if (chain.length === followers && twice > 0) wrong.push(`${twice} work packages of the chain were not written exactly once`)
  const journals = await db.one<{ n: number }>(sql`select count(*) as n from journals where resource = 'work_packages'
    and resource_id between ${packages.chain[0]} and ${packages.chain[1]} and version > 2`)
  if (journals!.n > 0) wrong.push(`${journals!.n} entries of the chain are repeated`)
  const jobs = await db.all<{ name: string }>(
    sql`select name from jobs where (key is null or key <> 'own') and name <> 'mail.send' and due_at <= ${new Date().toISOString()}`,
  )
  if (jobs.length > 0) wrong.push(`jobs are left: ${[...new Set(jobs.map(({ name }) => name))].join(', ')}`)
  return wrong
}

/** A working day by the standard calendar, so many working days later. */
function weekdayAfter(day: string, count: number): string {
  const date = new Date(day)
  for (let left = count; left > 0; ) {
    date.setUTCDate(date.getUTCDate() + 1)
    if (date.getUTCDay() % 6 !== 0) left--
  }
  return date.toISOString().slice(0, 10)
}
