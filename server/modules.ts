/** All parts of the product, in an order in which each comes after those that it needs. */
import { forgetAccessTokens } from '#kernel/access-tokens.ts'
import { assemble } from '#kernel/assemble.ts'
import { module } from '#kernel/module.ts'
import { takeInTexts } from '#kernel/search.ts'
import { forgetSessions } from '#kernel/sessions.ts'
import { forgetAttempts } from '#kernel/throttle.ts'
import { accounts } from '#modules/accounts/index.ts'
import { activities } from '#modules/activities/index.ts'
import { customFields } from '#modules/custom-fields/index.ts'
import { files } from '#modules/files/index.ts'
import { instance } from '#modules/instance/index.ts'
import { notifications } from '#modules/notifications/index.ts'
import { oauth } from '#modules/oauth/index.ts'
import { projects } from '#modules/projects/index.ts'
import { queries } from '#modules/queries/index.ts'
import { revisions } from '#modules/revisions/index.ts'
import { time } from '#modules/time/index.ts'
import { workPackages } from '#modules/work-packages/index.ts'

const kernel = module('kernel', { needs: [], tasks: [takeInTexts, forgetSessions, forgetAccessTokens, forgetAttempts] })

/** The product: all that its modules declare. */
export const product = assemble([
  kernel,
  accounts,
  projects,
  workPackages,
  time,
  instance,
  activities,
  notifications,
  queries,
  files,
  customFields,
  revisions,
  oauth,
])
