/** The minimal SQL of the second floor, prepared once for each request, on either engine with the settings that Halyard has. */
import type { Condition, Work } from './cases.ts'
import type { Body } from './fill.ts'

type Values = readonly unknown[]
/** Runs a prepared text; gives rows, or of a write without `returning` how many rows it changed. */
interface Engine {
  readonly postgres: boolean
  all(text: string): (values: Values) => Promise<Body[]>
  run(text: string): (values: Values) => Promise<number>
}

export interface Store {
  single(id: number): () => Promise<Body[]>
  list(work: Work & { kind: 'list' }): () => Promise<{ rows: Body[]; total: number }>
  /** What rows were at a moment. */
  versions(ids: readonly number[], at: string): Promise<Body[]>
  projects(work: Work & { kind: 'projects' }): () => Promise<{ rows: Body[]; total: number }>
  /** Inserts a work package; gives its id. */
  create(row: Body): Promise<number>
  update(id: number, subject: string, lockVersion: number, now: string): Promise<void>
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
    return (values: Values) => pool.query({ name, text: spelled, values: values as unknown[] })
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
  }
}

/** Opens the database at a Halyard address; `viewer` is whose watching is told. */
export async function openStore(url: string, viewer: number): Promise<Store> {
  const engine = await (url.startsWith('sqlite:') ? sqlite(url.slice('sqlite:'.length)) : postgres(url))
  const among = engine.postgres ? '= any(?::int[])' : 'in (select value from json_each(?))'
  const prepared = once(engine.all)

  /** The rows of `source`; `more` is selected besides. What they point to has names that any server would keep in memory. */
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

  /** Puts the relatives of rows into them. */
  const withRelatives = async (rows: Body[]): Promise<Body[]> => {
    const byId = new Map<number, Body>()
    for (const row of rows) byId.set(row['id'], Object.assign(row, { ancestors: [], children: [] }))
    const ids = [...byId.keys()]
    for (const { root, depth, id, subject } of await relatives([ids, ids])) {
      const link = { href: `/api/v3/work_packages/${id}`, title: subject }
      const row = byId.get(root)!
      row[depth === 0 ? 'children' : 'ancestors'].push(link)
      if (depth === 1) row['parent'] = link
    }
    return rows
  }

  const versions = prepared(
    `select * from work_package_versions where id ${among} and valid_from <= ? and (valid_until > ? or valid_until is null)`,
  )
  const rowById = prepared(`${selection('work_packages w')} where w.id = ?`)
  const insert = engine.all(`
    insert into work_packages (project_id, type_id, status_id, priority_id, author_id, assigned_to_id, subject, description,
      created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id`)
  const setSubject = engine.run(
    'update work_packages set subject = ?, lock_version = lock_version + 1, updated_at = ? where id = ? and lock_version = ?',
  )

  return {
    single: (id) => async () => withRelatives(await rowById([id])),
    list: ({ projects, where, order, size, offset }) => {
      // On SQLite, rows met one after the other are tested, and rows that few projects have are found by index.
      const walks = order === 'id'
      const conditions = (tests: boolean) => [
        ...where.map((one) => conditionOf(one, engine.postgres, among)),
        ...(projects ? [{ text: `${tests && !engine.postgres ? '+' : ''}w.project_id ${among}`, values: [[...projects]] }] : []),
      ]
      const all = (tests: boolean) => {
        const texts = conditions(tests).map((one) => one.text)
        return texts.length > 0 ? `where ${texts.join(' and ')}` : ''
      }
      const values = conditions(true).flatMap((one) => one.values)
      const sorted = walks ? 'w.id desc' : 'w.updated_at desc, w.id desc'
      const ids = (own: string) =>
        `select w.id${own} from work_packages w ${all(walks)} order by ${sorted} limit ${size} offset ${(offset - 1) * size}`
      const found = 'page join work_packages w on w.id = page.id'
      if (walks || engine.postgres) {
        const page = prepared(`with page as materialized (${ids('')}) ${selection(found)} order by ${sorted}`)
        const count = prepared(`select count(*) as total from work_packages w ${all(where.some(({ on }) => on === 'subject'))}`)
        return async () => {
          const rows = await withRelatives(await page(values))
          return { rows, total: offset === 1 && rows.length < size ? rows.length : (await count(values))[0]!['total'] }
        }
      }
      // What SQLite sorts it has found in full, and can count at once; PostgreSQL may choose to walk an index instead.
      const page = prepared(`
        with page as materialized (${ids(', count(*) over () as total')}) ${selection(found, 'page.total,')} order by ${sorted}`)
      return async () => {
        const rows = await withRelatives(await page(values))
        return { rows, total: rows[0]?.['total'] ?? 0 }
      }
    },
    versions: (ids, at) => versions([ids, at, at]),
    projects: ({ ids, size }) => {
      const page = prepared(`select * from projects where id ${among} order by id desc limit ${size}`)
      const count = prepared(`select count(*) as n from projects where id ${among}`)
      return async () => ({ rows: await page([ids]), total: (await count([ids]))[0]!['n'] })
    },
    create: async (row) => (await insert(Object.values(row)))[0]!['id'],
    update: async (id, subject, lockVersion, now) => {
      if ((await setSubject([subject, now, id, lockVersion])) === 0) throw new Error(`Work package ${id} has another version.`)
    },
  }
}

/** Prepares a text once, however often it is asked for. */
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
    case 'subject': {
      const like = isPostgres ? 'ilike' : 'like'
      return {
        text: condition.words.map(() => `w.subject ${like} ?`).join(' and '),
        values: condition.words.map((word) => `%${word}%`),
      }
    }
  }
}
