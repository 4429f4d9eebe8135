/** The minimal SQL of the second floor, prepared once for each request, on either engine with the settings of Halyard. */
import type { Condition, Listing, Work } from './cases.ts'
import type { Dataset } from './dataset.ts'
import type { Body } from './fill.ts'

type Values = readonly unknown[]
/** Runs a prepared text; gives rows, or for a write without `returning` the number of changed rows. */
interface Engine {
  readonly postgres: boolean
  all(text: string): (values: Values) => Promise<Body[]>
  run(text: string): (values: Values) => Promise<number>
  /** Runs several prepared texts in one transaction, each with values of its own. */
  atomic(texts: readonly string[]): (values: readonly Values[]) => Promise<void>
}

/** A page of rows and their total number. */
export interface Rows {
  rows: Body[]
  total: number
  /** Their groups, and the sums of all of them. */
  groups?: Body[]
  sums?: Body
}

export interface Store {
  single(id: number): () => Promise<Body[]>
  list(listing: Listing): () => Promise<Rows>
  /** The same by assignee, in the given order. */
  grouped(listing: Listing, assignees: readonly (number | null)[]): () => Promise<Rows>
  query(id: number): () => Promise<Body[]>
  /** Rows as of a moment. */
  versions(ids: readonly number[], at: string): Promise<Body[]>
  projects(work: Work & { kind: 'projects' }): () => Promise<Rows>
  /** Inserts a work package; gives its id. */
  create(row: Body): Promise<number>
  update(id: number, subject: string, lockVersion: number, now: string): Promise<void>
  /** Sets the start date of a work package, and moves all successors by the same time. */
  cascade(id: number, startDate: string, now: string): Promise<void>
}

async function sqlite(path: string): Promise<Engine> {
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(path)
  db.exec(`
    pragma busy_timeout = 10000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma temp_store = memory;
    pragma cache_size = -32000;
    pragma mmap_size = 268435456`)
  // A whole number is bound as REAL unless it is a bigint.
  const bound = (value: unknown) =>
    typeof value === 'number' ? BigInt(value) : Array.isArray(value) ? JSON.stringify(value) : (value as string)
  return {
    postgres: false,
    all: (text) => {
      const statement = db.prepare(text)
      return async (values) => statement.all(...values.map(bound))
    },
    run: (text) => {
      const statement = db.prepare(text)
      return async (values) => Number(statement.run(...values.map(bound)).changes)
    },
    atomic: (texts) => {
      const statements = texts.map((text) => db.prepare(text))
      return async (values) => {
        db.exec('begin immediate')
        for (const [i, statement] of statements.entries()) statement.run(...(values[i] as Values).map(bound))
        db.exec('commit')
      }
    },
  }
}

const CONNECTIONS = 10

async function postgres(url: string): Promise<Engine> {
  const { default: pg } = await import('pg')
  const parsers: Record<number, (text: string) => unknown> = {
    20: Number,
    1082: (text) => text,
    1184: (text) => new Date(text).toISOString(),
  }
  const types = { getTypeParser: (oid: number) => parsers[oid] ?? pg.types.getTypeParser(oid, 'text') }
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    types: types as any,
    options: '-c jit=off -c timezone=UTC',
  })
  let prepared = 0
  const query = (text: string) => {
    const name = `floor${prepared++}`
    let n = 0
    const spelled = text.replace(/\?/g, () => `$${++n}`)
    return (values: Values, on: { query: typeof pool.query } = pool) =>
      on.query({ name, text: spelled, values: values as unknown[] })
  }
  return {
    postgres: true,
    all: (text) => {
      const ask = query(text)
      return async (values) => (await ask(values)).rows
    },
    run: (text) => {
      const ask = query(text)
      return async (values) => (await ask(values)).rowCount ?? 0
    },
    atomic: (texts) => {
      const queries = texts.map(query)
      return async (values) => {
        const client = await pool.connect()
        await client.query('begin')
        for (const [i, run] of queries.entries()) await run(values[i] as Values, client)
        await client.query('commit')
        client.release()
      }
    },
  }
}

/** Opens the database at a Halyard URL. The viewer of the data is the user for `is_watched`. */
export async function openStore(url: string, { viewer: { id: viewer }, projectCount }: Dataset): Promise<Store> {
  const engine = await (url.startsWith('sqlite:') ? sqlite(url.slice('sqlite:'.length)) : postgres(url))
  const among = engine.postgres ? '= any(?::int[])' : 'in (select value from json_each(?))'
  const prepared = once(engine.all)

  /** The rows of `source`, with `more` selected besides. Names of linked resources are left out: any server would cache them. */
  const selection = (source: string, more = '') => `
    select ${more} w.*,
      exists (select 1 from watchers x where x.work_package_id = w.id and x.user_id = ${viewer}) as is_watched,
      (select sum(e.hours) from time_entries e where e.entity_id = w.id and e.entity_type = 'WorkPackage') as spent
    from ${source}`

  const relatives = prepared(`
    with recursive up (root, id, depth) as (
      select id, parent_id, 1 from work_packages where id ${among} and parent_id is not null
      union all
      select up.root, w.parent_id, up.depth + 1 from up cross join work_packages w where w.id = up.id and w.parent_id is not null
    )
    select up.root, up.depth, a.id, a.subject from up cross join work_packages a where a.id = up.id
    union all
    select parent_id, 0, id, subject from work_packages where parent_id ${among}
    order by 2 desc, 3`)

  /** Adds their ancestors and children to rows. */
  const withRelatives = async (rows: Body[]): Promise<Body[]> => {
    const byId = new Map<number, Body>()
    for (const row of rows) byId.set(row.id, Object.assign(row, { ancestors: [], children: [] }))
    const ids = [...byId.keys()]
    for (const { root, depth, id, subject } of await relatives([ids, ids])) {
      const link = { href: `/api/v3/work_packages/${id}`, title: subject }
      const row = byId.get(root)!
      row[depth === 0 ? 'children' : 'ancestors'].push(link)
      if (depth === 1) row.parent = link
    }
    return rows
  }

  const versions = prepared(
    `select * from work_package_versions where id ${among} and valid_from <= ? and (valid_until > ? or valid_until is null)`,
  )
  const queryById = prepared('select * from queries where id = ?')
  const rowById = prepared(`${selection('work_packages w')} where w.id = ?`)
  const insert = engine.all(`
    insert into work_packages (project_id, type_id, status_id, priority_id, author_id, assigned_to_id, subject, description,
      created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id`)
  const setSubject = engine.run(
    'update work_packages set subject = ?, lock_version = lock_version + 1, updated_at = ? where id = ? and lock_version = ?',
  )

  /** Conditions of a listing. On SQLite, consecutive rows are tested, and rows of few projects are found by an index. */
  const conditionsOf = ({ where, projects }: Listing, tests: boolean) => {
    const all = where.map((one) => conditionOf(one, engine.postgres, among))
    if (projects) all.push({ text: `${tests && !engine.postgres ? '+' : ''}w.project_id ${among}`, values: [[...projects]] })
    return {
      text: all.length > 0 ? `where ${all.map((one) => one.text).join(' and ')}` : '',
      values: all.flatMap((one) => one.values),
    }
  }

  const list = (listing: Listing): (() => Promise<Rows>) => {
    const { projects, where, order, size, offset } = listing
    // Where a good part of all rows is visible, the first ones are found soon in the order of an index.
    const walks = order === 'id' || (projects?.length ?? projectCount) > projectCount / 4
    const isFound = where.some(({ on }) => on === 'found')
    const { text: tested, values } = conditionsOf(listing, walks)
    const source = `${isFound ? 'bench_found f cross join ' : ''}work_packages w`
    const sorted = order === 'id' ? 'w.id desc' : 'w.updated_at desc, w.id desc'
    const page = prepared(`
      with page as materialized (
        select w.id from ${source} ${tested}
        order by ${isFound ? 'f.work_package_id desc' : sorted} limit ${size} offset ${(offset - 1) * size}
      ) ${selection('page join work_packages w on w.id = page.id')} order by ${sorted}`)
    // A statement of its own: `count(*) over ()` takes several times as long on SQLite.
    const counted = conditionsOf(listing, isFound || where.some(({ on }) => on === 'subject')).text
    const count = prepared(`select count(*) as total from ${source} ${counted}`)
    return async () => {
      const rows = await withRelatives(await page(values))
      return { rows, total: offset === 1 && rows.length < size ? rows.length : (await count(values))[0]!.total }
    }
  }

  /** Count and sums per assignee, read once; the page has the first groups. */
  const grouped = (listing: Listing, assignees: readonly (number | null)[]): (() => Promise<Rows>) => {
    const { text, values } = conditionsOf(listing, false)
    const aggregate = prepared(`
      select w.assigned_to_id, count(*) as count, sum(w.estimated_hours) as work, sum(w.remaining_hours) as remaining
      from work_packages w ${text} group by w.assigned_to_id`)
    const ofOne = conditionsOf({ ...listing, where: [...listing.where, { on: 'assignee', ids: [] }] }, true).text
    const page = prepared(`${selection('work_packages w')} ${ofOne} order by w.id desc limit ${listing.size}`)
    return async () => {
      const byAssignee = new Map((await aggregate(values)).map((row) => [row.assigned_to_id, row]))
      const groups = assignees.map((id) => byAssignee.get(id) as Body)
      const rows: Body[] = []
      for (const id of assignees) {
        if (rows.length < listing.size) rows.push(...(await page(values.toSpliced(-1, 0, [id]))))
      }
      const sums = { count: 0, work: 0, remaining: 0 }
      for (const { count, work, remaining } of groups) {
        sums.count += count
        sums.work += work
        sums.remaining += remaining
      }
      return { rows: await withRelatives(rows.slice(0, listing.size)), total: sums.count, groups, sums }
    }
  }

  // The direct and indirect successors of a work package, and their ancestors. PostgreSQL allows only one self-reference.
  const moving = prepared(
    engine.postgres
      ? `with recursive moving (id) as (
          select ?::int
          union
          select e.id from moving m cross join lateral (
            select r.from_id as id from relations r where r.to_id = m.id and r.relation_type = 'follows'
            union all
            select w.parent_id from work_packages w where w.id = m.id and w.parent_id is not null
          ) e
        ) select w.id, w.start_date, w.due_date, w.derived_start_date, w.derived_due_date from moving m join work_packages w on w.id = m.id`
      : `with recursive moving (id) as (
          select ?
          union
          select r.from_id from moving m cross join relations r where r.to_id = m.id and r.relation_type = 'follows'
          union
          select w.parent_id from moving m cross join work_packages w where w.id = m.id and w.parent_id is not null
        ) select w.id, w.start_date, w.due_date, w.derived_start_date, w.derived_due_date from moving m join work_packages w on w.id = m.id`,
  )
  const dates = ['start_date', 'due_date', 'derived_start_date', 'derived_due_date']
  const newest = `(select max(k.version) from journals k where k.resource = 'work_packages' and k.resource_id = w.id)`
  const move = engine.atomic([
    engine.postgres
      ? `update work_packages w set ${dates.map((date) => `${date} = v.${date}`).join()}, lock_version = w.lock_version + 1, updated_at = ?
        from json_populate_recordset(null::work_packages, ?::json) v where w.id = v.id`
      : `update work_packages as w set ${dates.map((date) => `${date} = v.value ->> '$.${date}'`).join()},
        lock_version = w.lock_version + 1, updated_at = ? from json_each(?) v where w.id = v.value ->> '$.id'`,
    `update work_package_versions set valid_until = ? where id ${among} and valid_until is null`,
    `insert into journals (resource, resource_id, version, user_id, internal, created_at, updated_at)
      select 'work_packages', w.id, ${newest} + 1, w.author_id, false, w.updated_at, w.updated_at from work_packages w where w.id ${among}`,
    `insert into work_package_versions select j.id, j.version, j.created_at, null, w.* from work_packages w
      join journals j on j.resource = 'work_packages' and j.resource_id = w.id and j.version = ${newest} where w.id ${among}`,
  ])

  return {
    single: (id) => async () => withRelatives(await rowById([id])),
    list,
    grouped,
    query: (id) => () => queryById([id]),
    versions: (ids, at) => versions([ids, at, at]),
    projects: ({ ids, size }) => {
      const page = prepared(`select * from projects where id ${among} order by id desc limit ${size}`)
      const count = prepared(`select count(*) as n from projects where id ${among}`)
      return async () => ({ rows: await page([ids]), total: (await count([ids]))[0]!.n })
    },
    create: async (row) => (await insert(Object.values(row)))[0]!.id,
    update: async (id, subject, lockVersion, now) => {
      if ((await setSubject([subject, now, id, lockVersion])) === 0) throw new Error(`Work package ${id} has another version.`)
    },
    cascade: async (id, startDate, now) => {
      const rows = await moving([id])
      const days = (Date.parse(startDate) - Date.parse(rows.find((row) => row.id === id)!.start_date)) / DAY_MS
      for (const row of rows) for (const date of dates) row[date] = row[date] && moved(row[date], days)
      const ids = rows.map((row) => row.id)
      await move([[now, JSON.stringify(rows)], [now, ids], [ids], [ids]])
    },
  }
}

const DAY_MS = 86_400_000
const moved = (date: string, days: number): string => new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)

/** Prepares a text once for all its uses. */
function once<T>(prepare: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => known.getOrInsertComputed(text, prepare)
}

function conditionOf(condition: Condition, isPostgres: boolean, among: string): { text: string; values: unknown[] } {
  switch (condition.on) {
    case 'open':
      return { text: 'w.status_id in (select id from statuses where not is_closed)', values: [] }
    case 'type':
      return { text: `w.type_id ${among}`, values: [[...condition.ids]] }
    case 'assignee':
      return { text: `w.assigned_to_id ${among}`, values: [[...condition.ids]] }
    case 'found':
      return { text: 'f.search = ? and w.id = f.work_package_id', values: [condition.search.id] }
    case 'subject': {
      const like = isPostgres ? 'ilike' : 'like'
      return {
        text: condition.words.map(() => `w.subject ${like} ?`).join(' and '),
        values: condition.words.map((word) => `%${word}%`),
      }
    }
  }
}
