/**
 * A process that is killed while it runs a job: another one runs the job again, and its effects in the database occur exactly
 * once. Each kind of jobs is killed before each of its steps in turn; effects outside the database (mail, events) may occur
 * twice.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { mergeCounts } from '#db/counts.ts'
import type { Database, Transaction } from '#db/database.ts'
import { among, staleStatistics } from '#db/dialect.ts'
import { migrate } from '#db/migrate.ts'
import { hasPending } from '#db/search.ts'
import { join, name, sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { mailResetLink } from '#identity/lost-password.ts'
import { keysOf, useKeys } from '#identity/secrets.ts'
import { sendMail } from '#jobs/mail.ts'
import { sendNotice } from '#jobs/notices.ts'
import { enqueue } from '#jobs/queue.ts'
import type { Mail } from '#kernel/declaration.ts'
import { defaultSetting } from '#modules/accounts/notification-settings.ts'
import { register } from '#modules/accounts/registration.ts'
import { takeRest } from '#modules/backlogs/operations.ts'
import { releaseRest } from '#modules/projects/sharing.ts'
import { manage } from '#modules/storages/managing.ts'
import { recountRest } from '#modules/time/durations.ts'
import { countedBy } from '#modules/work-packages/0058-counts.ts'
import { settleRest } from '#modules/work-packages/settling.ts'
import { outgoing, useOutgoing } from '#outgoing/client.ts'
import { openDatabase } from '#server/commands/database.ts'
import { product } from '#server/modules.ts'
import { processPlace } from '#test/database.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { type FakeNextcloud, fakeNextcloud } from '#test/nextcloud.ts'
import { quickHash } from '#test/passwords.ts'
import { sampled } from '#test/sample.ts'
import { upload } from '../files/upload.ts'
import { deed } from './hanging.ts'

const HOUR = 3_600_000

class Killed extends Error {}

/** Number of steps until the process is killed, and whether it has been. */
interface Countdown {
  left: number
  isOver: boolean
}

/** One step of a process. Throws from the step on before which the process is killed. */
function step(countdown: Countdown): void {
  if (countdown.isOver || countdown.left-- <= 0) {
    countdown.isOver = true
    throw new Killed('The process was killed.')
  }
}

/** Runs a step, unless the process is killed before. */
async function runStep<T>(countdown: Countdown, work: () => Promise<T>): Promise<T> {
  step(countdown)
  return work()
}

/** The database of a process that is killed: uncommitted changes are rolled back. */
function killable(db: Database, countdown: Countdown): Database {
  const within = (tx: Transaction): Transaction => ({
    ...tx,
    all: (query) => runStep(countdown, () => tx.all(query)),
    one: (query) => runStep(countdown, () => tx.one(query)),
    run: (query) => runStep(countdown, () => tx.run(query)),
  })
  const { ask } = outgoing({ allow: ['127.0.0.1'] })
  const killed: Database = {
    ...db,
    engine: db.engine,
    statements: 0,
    all: (query) => runStep(countdown, () => db.all(query)),
    one: (query) => runStep(countdown, () => db.one(query)),
    transaction: async (work, options) => {
      step(countdown)
      return db.transaction(async (tx) => {
        const result = await work(within(tx))
        step(countdown)
        return result
      }, options)
    },
  }
  useKeys(killed, keysOf(db).source)
  useOutgoing(killed, { ask: (...request) => runStep(countdown, () => ask(...request)) })
  return killed
}

const killableFiles = (files: FileStore, countdown: Countdown): FileStore => ({
  ...files,
  read: (...args) => runStep(countdown, () => files.read(...args)),
  remove: (file) => runStep(countdown, () => files.remove(file)),
})

let it: Instance
let me: { id: number; client: Client }
let project: number
let task: number
let application: number
let grant: number
/** Effects outside the database. */
let told: unknown[] = []
let current: Countdown
before(async () => {
  it = await instance({
    subscribers: [{ event: 'ships.*', handle: ({ resourceId }) => runStep(current, async () => told.push(resourceId)) }],
  })
  await it.setting('journal_aggregation_time_minutes', 0)
  const id = await it.make.user({ email: 'vera@example.net', password_hash: quickHash('correct horse 7!') })
  project = await it.make.project({ name: 'Harbour' })
  cloud = await fakeNextcloud()
  await it.make.member(id, project, ['view_work_packages', 'work_package_assigned'])
  me = { id, client: await it.as(id) }
  task = await it.make.workPackage({ project_id: project, assigned_to_id: id })
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  application = await it.make.row('oauth_applications', {
    name: 'Chart',
    client_id: 'chart',
    redirect_uris: '[]',
    scopes: '[]',
    ...stamps,
  })
  grant = await it.make.row('oauth_grants', { application_id: application, user_id: id, scopes: '[]', ...stamps })
  await it.make.row('auth_providers', {
    ...{ slug: 'acme', name: 'Acme', issuer: 'https://id.example', client_id: 'x', available: true, registration: 'none' },
    ...{ trusts_email: false, claims: '{}', created_at: new Date().toISOString() },
  })
})
after(async () => {
  await cloud.close()
  await it.close()
})

const clear = (...tables: string[]) =>
  it.db.transaction(async (tx) => {
    for (const table of tables) await tx.run(sql`delete from ${name(table)}`)
  })
/** Inserts a row into a table that may have no ids. */
const add = (table: string, values: Record<string, unknown>) =>
  it.db.transaction((tx) =>
    tx.run(sql`insert into ${name(table)} (${join(Object.keys(values).map(name))}) values (${join(Object.values(values))})`),
  )
const count = async (table: string) => (await it.db.one<{ n: number }>(sql`select count(*) as n from ${name(table)}`))?.n
const mine = async (reason: string) =>
  (await it.db.all(sql`select id from notifications where recipient_id = ${me.id} and reason = ${reason}`)).length
const distinct = (list: readonly unknown[]) => [...new Set(list.map((one) => JSON.stringify(one)))].length

interface Scenario {
  /** Further kinds to run, if the job enqueues others. */
  readonly with?: readonly string[]
  /** Creates one due job, or its pending work, and nothing else. */
  make(now: Date): Promise<unknown>
  /** The effect of the job. */
  result(): Promise<unknown>
  readonly expected: unknown
  /** The number of steps before the first kill, for slow jobs; up to the claim all kinds are alike. */
  readonly from?: number
  /** Whether its slices follow the time that they take: it may end before a step that it once took. */
  readonly isPaced?: true
}

/** An expired row, and its deletion. */
const tidying = (table: string, values: (at: Date) => Record<string, unknown>, ...others: string[]): Scenario => ({
  make: async (now) => {
    await clear(table, ...others)
    await add(table, values(new Date(now.getTime() - 1000 * 24 * HOUR)))
  },
  result: () => Promise.all([table, ...others].map(count)),
  expected: [table, ...others].map(() => 0),
})

let stored = ''
let cloud: FakeNextcloud
let shipyard: number | undefined
/** A Nextcloud with the folder of a project that uses it no more, and without those of two others: a new one and a copy. */
async function foldersToManage(now: Date): Promise<number> {
  await clear('jobs', 'file_links', 'managed_folders', 'project_storages', 'oauth_client_credentials', 'storages')
  const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
  const others = { creator_id: me.id, project_folder_mode: 'automatic', ...stamps }
  cloud.groupFiles.length = 1
  cloud.group.delete('vera')
  cloud.group.add('former member')
  cloud.groupFiles.push({ id: 1001, path: '/Former', rights: { 'user vera': 1 } })
  cloud.groupFiles.push(
    { id: 1002, path: '/Template', rights: {} },
    { id: 1003, path: '/Template/a.txt', isFile: true, rights: {} },
  )
  const storage_id = await it.make.row('storages', {
    ...{ type: 'Nextcloud', name: 'Cloud', host: cloud.url, application_password: cloud.applicationPassword, ...stamps },
  })
  const credentials_id = await it.make.row('oauth_client_credentials', { storage_id, client_id: 'client', ...stamps })
  await add('storage_connections', {
    credentials_id,
    user_id: me.id,
    account: 'vera',
    expires_at: now.toISOString(),
    refused: false,
    ...stamps,
  })
  if (shipyard === undefined) {
    shipyard = await it.make.project({ name: 'Shipyard' })
    await it.make.member(me.id, shipyard, ['read_files'])
  }
  await add('project_storages', { storage_id, project_id: shipyard, ...others })
  const copy = await it.make.row('project_storages', { storage_id, project_id: project, ...others })
  await add('managed_folders', { storage_id, folder_id: '1001', name: 'Former', rights: '{"vera":1}' })
  await add('managed_folders', { storage_id, project_storage_id: copy, name: '', copied_from: '1002' })
  const link = { work_package_id: task, storage_id, creator_id: me.id, origin_id: '1003', ...stamps }
  await add('file_links', { ...link, origin_data: '{"id":"1003","name":"a.txt"}' })
  return storage_id
}
let original: number | undefined
let copied = 0
let doomed: number
let tree: number[] = []
let harbour: number | undefined
let leaving = 0
let chain: number[] | undefined
/** A project with rows of all kinds that are copied in different ways. */
async function projectToCopy(): Promise<number> {
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const id = await it.make.project()
  const version_id = await it.make.row('versions', { project_id: id, name: '1.0', ...stamps }, 'versions')
  const parent_id = await it.make.workPackage({ project_id: id, version_id })
  const child = await it.make.workPackage({ project_id: id, parent_id })
  assert.equal((await upload(it.admin, `/work_packages/${child}/attachments`)).status, 201)
  await clear('jobs')
  return id
}
const scenarios: Readonly<Record<string, Scenario>> = {
  'mail.send': {
    make: (now) =>
      it.db.transaction((tx) => sendMail(tx, { recipient: 'vera@example.net', subject: 'Hello', text: 'Hello.' }, now)),
    result: async () => [distinct(told), told.length <= 2],
    expected: [1, true],
  },
  'notices.send': {
    make: async (now) => {
      await clear('jobs', 'notification_settings')
      await add('notification_settings', { ...defaultSetting, user_id: me.id, news_added: true })
      const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
      const id = await it.make.row('news', { project_id: project, title: 'Ahoy', author_id: me.id, ...stamps })
      const payload = { notice: 'news.created', user: me.id, data: { id } }
      await it.db.transaction((tx) => enqueue(tx, sendNotice, { payload }, now))
    },
    result: async () => [distinct(told), told.length <= 2],
    expected: [1, true],
  },
  'passwords.mail-link': {
    make: async (now) => {
      await clear('one_time_links', 'jobs')
      await it.db.transaction((tx) => enqueue(tx, mailResetLink, { payload: { email: 'vera@example.net' } }, now))
    },
    result: async () => [await count('one_time_links'), (await jobsOf(it.db, { name: 'mail.send' })).length],
    expected: [1, 1],
  },
  'accounts.register': {
    make: async (now) => {
      await clear('one_time_links', 'jobs')
      await it.setting('self_registration', 1)
      await it.db.transaction((tx) => tx.run(sql`delete from principals where login = 'newcomer'`))
      const registration = { login: 'newcomer', email: 'new@example.net', firstName: 'New', lastName: 'Comer', language: 'en' }
      await it.db.transaction((tx) => register(tx, { ...registration, hash: 'h' }, now))
    },
    result: async () => [
      (await it.db.all(sql`select id from principals where login = 'newcomer'`)).length,
      await count('one_time_links'),
      (await jobsOf(it.db, { name: 'mail.send' })).length,
    ],
    expected: [1, 1, 1],
  },
  'events.deliver': {
    make: async (now) => {
      await clear('jobs')
      for (const resource_id of [1, 2, 3])
        await add('outbox', { name: 'ships.sailed', resource_id, actor_id: me.id, changed: '[]', created_at: now.toISOString() })
    },
    // In order, ignoring repetitions.
    result: async () => [[...new Set(told)], told.length <= 6, await count('outbox')],
    expected: [[1, 2, 3], true, 0],
  },
  'texts.index': {
    make: async () => {
      await it.make.workPackage({ project_id: project, subject: 'Binnacle' })
    },
    result: () => hasPending(it.db),
    expected: false,
  },
  'work_packages.count': {
    make: async () => {
      // What other scenarios have left is merged before.
      await it.db.transaction((tx) => mergeCounts(tx, 'work_packages', countedBy))
      await add('counts_work_packages', { project_id: project, status_id: 0, n: 0 })
    },
    result: () =>
      it.db.all(
        sql`select project_id from counts_work_packages group by project_id, status_id having count(*) > 1 or sum(n) = 0`,
      ),
    expected: [],
  },
  'jobs.forget': {
    make: async (now) => {
      await clear('jobs')
      const at = new Date(now.getTime() - 40 * 24 * HOUR).toISOString()
      await add('jobs', { name: 'mail.send', payload: '{}', due_at: null, attempts: 4, created_at: at })
      await add('jobs', { name: 'former', key: 'own', payload: '{}', due_at: at, attempts: 0, created_at: at })
    },
    result: async () => [await jobsOf(it.db, { name: 'mail.send' }), await jobsOf(it.db, { name: 'former' })],
    expected: [[], []],
  },
  'statistics.refresh': {
    make: () => clear('jobs'),
    result: () => staleStatistics(it.db),
    expected: [],
    // Later runs find less to do.
    isPaced: true,
  },
  'tasks.forget': tidying('tasks', (at) => ({
    ...{ uuid: 'u', name: 'projects.copy', user_id: me.id, payload: '{}', progress: 3 },
    ...{ created_at: at.toISOString(), updated_at: at.toISOString() },
  })),
  'projects.copy': {
    make: async (now) => {
      await clear('jobs', 'tasks')
      original ??= await projectToCopy()
      const body = { name: `Copy ${++copied}`, _meta: { copyMembers: false, copyQueries: false } }
      assert.equal((await it.admin.post(`/projects/${original}/copy`, body)).status, 302)
      await it.db.transaction((tx) => tx.run(sql`update jobs set due_at = ${now.toISOString()}`))
    },
    result: async () => {
      const copy = await it.id('projects', `Copy ${copied}`)
      const of = async (table: string) => (await it.db.all(sql`select id from ${name(table)} where project_id = ${copy}`)).length
      const files = await it.db.all<{ storage_name: string }>(sql`
        select storage_name from attachments where container_id in (select id from work_packages where project_id = ${copy})`)
      const isStored = await Promise.all(files.map(async (file) => (await it.files.read(file.storage_name)) !== undefined))
      return [await of('versions'), await of('work_packages'), isStored, await count('task_rows')]
    },
    expected: [1, 2, [true], 0],
    from: 8,
  },
  'projects.delete': {
    make: async (now) => {
      await clear('jobs', 'tasks')
      doomed = await projectToCopy()
      await it.make.project({ parent_id: doomed })
      assert.equal((await it.admin.delete(`/projects/${doomed}`)).status, 204)
      await it.db.transaction((tx) => tx.run(sql`update jobs set due_at = ${now.toISOString()}`))
    },
    result: async () => {
      const mails = (await jobsOf(it.db, { name: 'mail.send' })).length
      const tasks = await it.db.all(sql`select id from tasks where result is not null`)
      const of = (table: string) => it.db.all(sql`select id from ${name(table)} where project_id = ${doomed}`)
      const projects = await it.db.all(sql`select id from projects where id = ${doomed} or parent_id = ${doomed}`)
      return [mails, tasks.length, projects, await of('versions'), await of('work_packages')]
    },
    expected: [1, 1, [], [], []],
  },
  'work_packages.delete': {
    make: async (now) => {
      await clear('jobs')
      tree = [await it.make.workPackage({ project_id: project })]
      for (let n = 0; n < 60; n++) tree.push(await it.make.workPackage({ project_id: project, parent_id: tree[n % 7]! }))
      assert.equal((await it.admin.delete(`/work_packages/${tree[0]}`)).status, 204)
      await it.db.transaction((tx) => tx.run(sql`update jobs set due_at = ${now.toISOString()}`))
    },
    result: async () => [
      await it.db.all(sql`select id from work_packages where ${among(it.db.engine, sql`id`, tree)}`),
      await it.db.all(sql`select id from work_package_versions where ${among(it.db.engine, sql`id`, tree)}`),
      await count('work_package_deletions'),
    ],
    expected: [[], [], 0],
    from: 4,
    isPaced: true,
  },
  'rows.remove': {
    make: async (now) => {
      await clear('jobs', 'removals')
      leaving = await it.make.user()
      for (let n = 0; n < 3; n++) tree = [await it.make.workPackage({ project_id: project, assigned_to_id: leaving })]
      const removal = { of_table: 'principals', removed: leaving, resource: 'User', actor: me.id, created_at: now.toISOString() }
      await add('removals', removal)
    },
    result: async () => [
      await it.db.all(sql`select id from principals where id = ${leaving}`),
      await it.db.all(sql`select id from work_packages where assigned_to_id = ${leaving}`),
      await it.db.all(sql`select id from work_package_versions where assigned_to_id = ${leaving}`),
      await count('removals'),
    ],
    expected: [[], [], [], 0],
    from: 4,
    isPaced: true,
  },
  'work_packages.recount': {
    make: async (now) => {
      await clear('jobs')
      const dates = { start_date: '2026-03-06', due_date: '2026-03-09', duration: 4 }
      tree = []
      for (let n = 0; n < 60; n++) tree.push(await it.make.workPackage({ project_id: project, ...dates }))
      await it.db.transaction((tx) => enqueue(tx, recountRest, { payload: { dates: null, actor: me.id } }, now))
    },
    result: async () => {
      const rows = await it.db.all<{ duration: number; lock_version: number }>(
        sql`select duration, lock_version from work_packages where ${among(it.db.engine, sql`id`, tree)}`,
      )
      return rows.filter((row) => row.duration !== 2 || row.lock_version !== 1).length
    },
    expected: 0,
    from: 4,
    isPaced: true,
  },
  'sprints.take-out': {
    make: async (now) => {
      await clear('jobs')
      const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
      const from = await it.make.row('sprints', {
        project_id: project,
        name: 'S',
        status: 'completed',
        sharing: 'none',
        ...stamps,
      })
      tree = []
      for (let n = 0; n < 60; n++) tree.push(await it.make.workPackage({ project_id: project, sprint_id: from }))
      const admin = (await it.db.one<{ id: number }>(sql`select id from principals where admin`))!.id
      await it.db.transaction((tx) => enqueue(tx, takeRest, { payload: { from, to: null, actor: admin } }, now))
    },
    result: async () => {
      const rows = await it.db.all<{ sprint_id: number | null; lock_version: number }>(
        sql`select sprint_id, lock_version from work_packages where ${among(it.db.engine, sql`id`, tree)}`,
      )
      return rows.filter((row) => row.sprint_id !== null || row.lock_version !== 1).length
    },
    expected: 0,
    from: 4,
    isPaced: true,
  },
  'projects.release-shared': {
    make: async (now) => {
      await clear('jobs')
      harbour ??= await it.make.project()
      const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
      const values = { project_id: harbour, name: `V ${now.getTime()} ${tree[0]}`, sharing: 'none', status: 'open', ...stamps }
      const version_id = await it.make.row('versions', values, 'versions')
      tree = []
      for (let n = 0; n < 60; n++) tree.push(await it.make.workPackage({ project_id: project, version_id }))
      const payload = { table: 'versions' as const, ids: [version_id], actor: me.id }
      await it.db.transaction((tx) => enqueue(tx, releaseRest, { payload }, now))
    },
    result: async () => {
      const rows = await it.db.all<{ version_id: number | null; lock_version: number }>(
        sql`select version_id, lock_version from work_packages where ${among(it.db.engine, sql`id`, tree)}`,
      )
      return rows.filter((row) => row.version_id !== null || row.lock_version !== 1).length
    },
    expected: 0,
    from: 4,
    isPaced: true,
  },
  'work_packages.move': {
    make: async (now) => {
      await clear('jobs')
      harbour ??= await it.make.project()
      tree = [await it.make.workPackage({ project_id: project })]
      for (let n = 0; n < 60; n++) tree.push(await it.make.workPackage({ project_id: project, parent_id: tree[n % 7]! }))
      const { lockVersion } = (await it.admin.get(`/work_packages/${tree[0]}`)).body
      const body = { lockVersion, _links: { project: { href: `/api/v3/projects/${harbour}` } } }
      assert.equal((await it.admin.patch(`/work_packages/${tree[0]}`, body)).status, 200)
      await it.db.transaction((tx) => tx.run(sql`update jobs set due_at = ${now.toISOString()}`))
    },
    result: async () => {
      const rows = await it.db.all<{ project_id: number; lock_version: number }>(
        sql`select project_id, lock_version from work_packages where ${among(it.db.engine, sql`id`, tree)}`,
      )
      return [rows.filter((row) => row.project_id !== harbour).length, rows.filter((row) => row.lock_version !== 1).length]
    },
    expected: [0, 0],
    from: 4,
    isPaced: true,
  },
  'sessions.forget': tidying('sessions', (at) => ({
    ...{ user_id: me.id, hash: 'h', created_at: at.toISOString(), last_seen_at: at.toISOString(), expires_at: at.toISOString() },
  })),
  'links.forget': tidying('one_time_links', (at) => ({
    purpose: 'reset',
    user_id: me.id,
    hash: 'h',
    expires_at: at.toISOString(),
  })),
  'attempts.forget': tidying('attempts', (at) => ({ who: 'w', attempts: 1, until: at.toISOString(), pending: 0 })),
  'passkeys.forget': tidying('passkey_challenges', (at) => ({ holder: 'h', challenge: 'c', expires_at: at.toISOString() })),
  'sign-ins.forget': tidying('provider_sign_ins', (at) => ({
    ...{ state: 's', browser: 'b', provider_id: 1, nonce: 'n', code_verifier: 'v', expires_at: at.toISOString() },
  })),
  'tokens.forget': {
    ...tidying('oauth_tokens', () => ({}), 'oauth_authorizations'),
    make: async (now) => {
      await clear('oauth_tokens', 'oauth_authorizations')
      const authorization_id = await it.make.row('oauth_authorizations', { grant_id: grant })
      const at = new Date(now.getTime() - HOUR).toISOString()
      const token = { kind: 'access', hash: 'h', application_id: application, scopes: '[]', content: '{}' }
      await add('oauth_tokens', { ...token, authorization_id, created_at: at, expires_at: at })
    },
  },
  'storages.forget-authorizations': {
    ...tidying('storage_authorizations', () => ({})),
    make: async (now) => {
      await clear('storage_authorizations', 'oauth_client_credentials', 'storages')
      const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
      const storage_id = await it.make.row('storages', {
        type: 'Nextcloud',
        name: 'Cloud',
        host: 'https://cloud.example',
        ...stamps,
      })
      const client = { storage_id, client_id: 'client', client_secret: 'secret' }
      const credentials_id = await it.make.row('oauth_client_credentials', { ...client, ...stamps })
      const expires_at = new Date(now.getTime() - HOUR).toISOString()
      await add('storage_authorizations', { state: 's', credentials_id, user_id: me.id, code_verifier: 'v', expires_at })
    },
  },
  'storages.manage-folders': {
    make: async (now) => {
      const storage = await foldersToManage(now)
      await it.db.transaction((tx) => manage(tx, storage, now))
    },
    result: async () => {
      const folders = cloud.groupFiles.filter(({ path }) => path !== '/')
      const [link] = await it.db.all<{ origin_id: string }>(sql`select origin_id from file_links`)
      return [
        folders.map(({ path, rights }) => [path, rights['user vera']]),
        folders.find(({ id }) => String(id) === link?.origin_id)?.path,
        await count('managed_folders'),
        (await it.db.all(sql`select id from project_storages where project_folder_id is null`)).length,
      ]
    },
    get expected() {
      const copy = `/Harbour (${project})`
      const kept = [
        ['/Former', undefined],
        ['/Template', undefined],
        ['/Template/a.txt', undefined],
      ]
      return [[...kept, [`/Shipyard (${shipyard})`, 1], [copy, undefined], [`${copy}/a.txt`, undefined]], `${copy}/a.txt`, 2, 0]
    },
    from: 4,
  },
  'storages.watch-folders': {
    make: foldersToManage,
    result: async () => (await jobsOf(it.db, { name: 'storages.manage-folders' })).length,
    expected: 1,
  },
  'notifications.announce': {
    make: async () => {
      await clear('notifications')
      await it.db.transaction((tx) => tx.run(sql`update journals set unannounced = false`))
      for (const text of ['Ahoy', 'Aye'])
        assert.equal((await it.admin.post(`/work_packages/${task}/activities`, { comment: { raw: text } })).status, 201)
    },
    result: () => mine('assigned'),
    expected: 2,
  },
  'notifications.remind': {
    make: async (now) => {
      await clear('notifications', 'reminders')
      await it.make.row('reminders', {
        work_package_id: task,
        creator_id: me.id,
        remind_at: new Date(now.getTime() - HOUR).toISOString(),
      })
    },
    result: () => mine('reminder'),
    expected: 1,
  },
  'notifications.alert': {
    make: async (now) => {
      await clear('notifications', 'date_alert_days')
      const tomorrow = new Date(now.getTime() + 24 * HOUR).toISOString().slice(0, 10)
      await it.db.transaction((tx) => tx.run(sql`update work_packages set due_date = ${tomorrow} where id = ${task}`))
    },
    result: () => mine('dateAlert'),
    expected: 1,
  },
  'notifications.summaries': {
    make: async (now) => {
      await clear('jobs', 'notifications')
      const at = new Date(now.getTime() - 24 * HOUR).toISOString()
      await it.db.transaction((tx) => tx.run(sql`update principals set workdays = '[1,2,3,4,5,6,7]' where id = ${me.id}`))
      const values = { recipient_id: me.id, work_package_id: task, reason: 'assigned', read_ian: false, internal: false }
      for (const _ of 'ab') await it.make.row('notifications', { ...values, created_at: at, updated_at: at })
    },
    result: async () => [
      (await jobsOf(it.db, sendNotice)).length,
      (await it.db.all(sql`select id from notifications where mailed_at is not null`)).length,
    ],
    expected: [1, 2],
  },
  'notifications.forget': tidying('notifications', (at) => ({
    ...{ recipient_id: me.id, work_package_id: task, reason: 'mentioned', read_ian: false, internal: false },
    ...{ created_at: at.toISOString(), updated_at: at.toISOString() },
  })),
  'work_packages.settle': {
    make: async (now) => {
      await clear('jobs', 'relations')
      const dates = (day: string) => ({ start_date: day, due_date: day, duration: 1 })
      if (!chain) {
        chain = []
        const values = { project_id: project, ...dates('2026-03-02'), schedule_manually: false }
        for (let i = 0; i < 120; i++) chain.push(await it.make.workPackage(values))
      }
      const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
      for (const [i, to_id] of chain.slice(0, -1).entries())
        await add('relations', { from_id: chain[i + 1], to_id, relation_type: 'follows', lag: 0, ...stamps })
      await it.db.transaction(async (tx) => {
        await tx.run(sql`update work_packages set start_date = '2026-03-02', due_date = '2026-03-02', lock_version = 0
          where ${among(tx.engine, sql`id`, chain as number[])}`)
        const payload = { origins: [chain![0]!], because: null, actor: me.id, announced: true }
        await tx.run(sql`update work_packages set schedule_manually = true where id = ${chain![0]}`)
        await enqueue(tx, settleRest, { payload }, now)
      })
    },
    result: async () => {
      const rows = await it.db.all<{ start_date: string; lock_version: number }>(
        sql`select start_date, lock_version from work_packages where ${among(it.db.engine, sql`id`, chain as number[])} order by id`,
      )
      return [
        rows.at(-1)?.start_date,
        new Set(rows.map((row) => row.start_date)).size,
        rows.filter((row) => row.lock_version > 1).length,
      ]
    },
    expected: ['2026-08-14', 120, 0],
    from: 4,
    isPaced: true,
  },
  'files.read': {
    make: async () => {
      await clear('jobs')
      const { id } = (await upload(it.admin, `/work_packages/${task}/attachments`, { content: 'Sextant' })).body
      stored = id
    },
    result: async () => (await it.db.one(sql`select content from attachment_contents where id = ${stored}`))?.content,
    expected: 'Sextant',
    from: 5,
  },
  'files.remove': {
    make: async () => {
      await clear('jobs')
      for (const _ of 'ab') {
        const { id } = (await upload(it.admin, `/work_packages/${task}/attachments`)).body
        stored = (await it.db.one(sql`select storage_name from attachments where id = ${id}`))?.storage_name
        assert.equal((await it.admin.delete(`/attachments/${id}`)).status, 204)
      }
      await it.db.transaction((tx) => tx.run(sql`delete from jobs where name = 'files.read'`))
    },
    result: () => it.files.read(stored),
    expected: undefined,
  },
  'files.expire': {
    with: ['files.remove'],
    make: async (now) => {
      await clear('jobs')
      const { id } = (await upload(it.admin, '/attachments')).body
      stored = (await it.db.one(sql`select storage_name from attachments where id = ${id}`))?.storage_name
      const at = new Date(now.getTime() - 4 * HOUR).toISOString()
      await it.db.transaction((tx) => tx.run(sql`update attachments set created_at = ${at} where id = ${id}`))
    },
    result: async () => [
      await it.files.read(stored),
      await it.db.all(sql`select id from attachments where storage_name = ${stored}`),
    ],
    expected: [undefined, []],
  },
}

/** Kinds that complete what a request has begun. */
const begun = [
  'projects.delete',
  'projects.release-shared',
  'sprints.take-out',
  'work_packages.delete',
  'work_packages.move',
  'work_packages.recount',
  'work_packages.settle',
]

/** More than any job takes. */
const MOST_STEPS = 1_000_000

describe('a process is killed while it runs the job', () => {
  test('every kind has a scenario here', () => {
    assert.deepEqual(Object.keys(scenarios).toSorted(), product.jobs.map((kind) => kind.name).toSorted())
  })

  for (const [kind, scenario] of Object.entries(scenarios)) {
    const { make, result, from = 0, with: others = [], isPaced } = scenario
    const only = [kind, ...others]
    /** Runs the due jobs as a process with this number of steps. */
    const run = (now: Date, countdown: Countdown) => {
      current = countdown
      const post = (mail: Mail) => runStep(countdown, async () => void told.push(mail))
      return runDue(killable(it.db, countdown), { now, model: it.model, files: killableFiles(it.files, countdown), post, only })
    }

    // At noon, after the time of day of alerts.
    const noon = new Date(`${new Date().toISOString().slice(0, 10)}T12:00:00.000Z`).getTime() + 24 * HOUR

    if (begun.includes(kind))
      test(`${kind}, twenty times in a row before it gets on`, async () => {
        const now = new Date(noon)
        await clear('jobs')
        await make(now)
        await it.db.transaction((tx) => tx.run(sql`update jobs set due_at = ${now.toISOString()} where key is null`))
        for (let n = 0; n < 20; n++) {
          const countdown = { left: 6, isOver: false }
          await run(new Date(noon + n * HOUR), countdown).catch(() => {})
          assert.ok(countdown.isOver)
        }
        await run(new Date(noon + 20 * HOUR), { left: Infinity, isOver: false })
        assert.deepEqual(await result(), scenario.expected)
      })

    test(kind, async () => {
      /** Runs the job on a new scene, as a process that ends after this number of steps. */
      const runOnce = async (left: number) => {
        const now = new Date(noon)
        told = []
        await clear('jobs')
        await make(now)
        await it.db.transaction((tx) =>
          tx.run(sql`update jobs set due_at = ${now.toISOString()} where due_at > ${now.toISOString()} and key is null`),
        )
        const countdown = { left, isOver: false }
        const outcome = await run(now, countdown).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (!countdown.isOver) assert.equal(outcome, undefined)
        return countdown
      }
      const { left } = await runOnce(MOST_STEPS)
      assert.deepEqual(await result(), scenario.expected)
      const moments = Array.from({ length: MOST_STEPS - left - from }, (_, i) => from + i)
      assert.ok(moments.length > 2, `there are ${moments.length} moments to be killed at`)
      for (const steps of sampled(moments, 20, `killed ${kind}`)) {
        const { isOver } = await runOnce(steps)
        assert.ok(isOver || isPaced, `it takes ${MOST_STEPS - left} steps, and not ${steps}`)
        // Another process, once the lease has expired:
        for (const minutes of [60, 61]) await run(new Date(noon + minutes * 60_000), { left: Infinity, isOver: false })
        assert.deepEqual(await result(), scenario.expected, `killed before step ${steps}`)
        for (const one of only)
          for (const { key, leased_until } of await jobsOf(it.db, { name: one }))
            assert.deepEqual([key, leased_until], ['own', null])
      }
    })
  }
})

test('after SIGKILL another process runs the job, once the lease has expired', async (t) => {
  const { flags, remove } = await processPlace('none')
  const url = flags[0] === '--data' ? `sqlite:${flags[1]}/halyard.db` : (flags[1] as string)
  const db = await openDatabase(url)
  t.after(async () => {
    await db.close()
    await remove()
  })
  await migrate(db, product.migrations)
  await db.transaction((tx) => enqueue(tx, deed, { payload: { what: 'hull' } }, new Date()))
  const child = spawn(process.execPath, [new URL('./hanging.ts', import.meta.url).pathname, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  const done: unknown[] = []
  const model = { jobs: [{ ...deed, run: async ({ payload }: { payload: unknown }) => void done.push(payload) }] }
  await runDue(db, { model })
  assert.deepEqual(done, [], 'nobody knows yet that it is dead')
  await runDue(db, { model, now: new Date(Date.now() + HOUR) })
  assert.deepEqual([done, await jobsOf(db, deed)], [[{ what: 'hull' }], []])
})
