/** The modules of the product, in an order in which each comes after those that it needs. */

import { identity } from '#identity/index.ts'
import { jobs } from '#jobs/index.ts'
import { assemble } from '#kernel/assemble.ts'
import type { Module } from '#kernel/declaration.ts'
import { accounts } from '#modules/accounts/index.ts'
import { activities } from '#modules/activities/index.ts'
import { backlogs } from '#modules/backlogs/index.ts'
import { calendar } from '#modules/calendar/index.ts'
import { content } from '#modules/content/index.ts'
import { customFields } from '#modules/custom-fields/index.ts'
import { files } from '#modules/files/index.ts'
import { grids } from '#modules/grids/index.ts'
import { helpTextsModule } from '#modules/help-texts/index.ts'
import { instance } from '#modules/instance/index.ts'
import { notifications } from '#modules/notifications/index.ts'
import { phases } from '#modules/phases/index.ts'
import { projects } from '#modules/projects/index.ts'
import { queries } from '#modules/queries/index.ts'
import { revisions } from '#modules/revisions/index.ts'
import { storages } from '#modules/storages/index.ts'
import { time } from '#modules/time/index.ts'
import { workPackages } from '#modules/work-packages/index.ts'

/** The modules of the product. */
export const modules: readonly Module[] = [
  identity,
  jobs,
  accounts,
  projects,
  calendar,
  workPackages,
  phases,
  backlogs,
  time,
  instance,
  activities,
  notifications,
  queries,
  files,
  content,
  grids,
  customFields,
  helpTextsModule,
  revisions,
  storages,
]

/** The product: all that its modules declare. */
export const product = assemble(modules)
