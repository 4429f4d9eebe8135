/** Rule for attaching files to work packages. */
import { sql } from '#db/sql.ts'
import { both, either, inProject, onWorkPackage, satisfying, shared } from '#kernel/access/rules.ts'
import type { Attachable } from '#kernel/declaration.ts'

const edit = onWorkPackage('edit_work_packages')
const attach = either(edit, inProject('add_work_package_attachments'), shared('add_work_package_attachments'))
/** The status is not read-only. */
const open = satisfying(
  (own) => sql`${own('status_id')} not in (select id from statuses where is_readonly)`,
  (row) => !row.is_readonly,
)

export const attachments: Attachable = {
  add: both(attach, open),
  remove: both(edit, open),
  uncontained: either(attach, inProject('add_work_packages')),
  reads: ['project_id', 'is_readonly'],
  may: { create: inProject('add_work_packages'), update: both(edit, open) },
}
