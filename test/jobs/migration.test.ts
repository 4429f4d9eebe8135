/** Migration of an installation with several queues into the one queue of jobs. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database } from '#db/database.ts'
import { migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { mailResetLink } from '#identity/lost-password.ts'
import { sendOut } from '#jobs/mail.ts'
import { removeFile } from '#modules/files/loose.ts'
import { readContent } from '#modules/files/reading.ts'
import { product } from '#server/modules.ts'
import { emptyDatabase } from '#test/database.ts'
import { jobsOf } from '#test/jobs.ts'

const at = '2026-01-02T03:04:05.000Z'
let place: Awaited<ReturnType<typeof emptyDatabase>>
let db: Database
before(async () => {
  place = await emptyDatabase()
  db = place.db
  await migrate(db, product.migrations, { last: '0032-internal-comments' })
  await db.transaction(async (tx) => {
    await tx.run(sql`insert into mails (recipient, subject, text, link, tries, due_at)
      values ('vera@example.net', 'Hello', 'There', null, 2, ${at})`)
    await tx.run(sql`insert into lost_passwords (email) values ('vera@example.net')`)
    await tx.run(sql`insert into loose_files (name, remove_at) values ('abc', ${at})`)
    await tx.run(sql`insert into principals (id, type, name, status, created_at, updated_at)
      values (1, 'User', 'Vera', 1, ${at}, ${at})`)
    for (const id of [1, 2, 3])
      await tx.run(sql`insert into attachments (id, author_id, file_name, content_type, file_size, storage_name, created_at, updated_at)
        values (${id}, 1, 'a.txt', 'text/plain', 1, ${String(id)}, ${at}, ${at})`)
    await tx.run(sql`insert into attachment_contents (id, content, attempts, due_at)
      values (1, null, 3, ${at}), (2, 'Sextant', 1, null), (3, null, 5, null)`)
    await tx.run(sql`insert into outbox (name, resource_id, actor_id, changed, created_at)
      values ('work_packages.updated', 1, 1, '[]', ${at})`)
  })
  await migrate(db, product.migrations)
})
after(() => place.drop())

const waiting = async (kind: { name: string }) =>
  (await jobsOf(db, kind)).map(({ key, payload, due_at, attempts }) => ({ key, payload: { ...payload }, due_at, attempts }))

test('Mail is sent at its planned time, with its attempts counted', async () => {
  const payload = { recipient: 'vera@example.net', subject: 'Hello', text: 'There', link: null }
  assert.deepEqual(await waiting(sendOut), [{ key: null, payload, due_at: at, attempts: 2 }])
})

test('Password reset mails are sent', async () => {
  const [{ due_at, ...job } = { due_at: null }] = await waiting(mailResetLink)
  assert.deepEqual(job, { key: null, payload: { email: 'vera@example.net' }, attempts: 0 })
  assert.match(due_at ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/)
})

test('Files are removed and read at their planned times', async () => {
  assert.deepEqual(await waiting(removeFile), [{ key: 'abc', payload: {}, due_at: at, attempts: 0 }])
  assert.deepEqual(await waiting(readContent), [{ key: null, payload: { id: 1 }, due_at: at, attempts: 3 }])
})

test('Extracted texts are kept; empty ones and events without subscribers are removed', async () => {
  const rows = await db.all(sql`select id, content from attachment_contents`)
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ id: 2, content: 'Sextant' }],
  )
  assert.deepEqual(await db.all(sql`select id from outbox`), [])
})
