/** The configuration: settings of the instance for clients, and those of a project. */

import type { Context, Operation } from '#kernel/declaration.ts'
import { ok, operation, rowAt } from '#kernel/operation.ts'
import { single } from '#kernel/read/single.ts'
import { hrefOf } from '#kernel/resource.ts'
import { UserPreferences } from '#modules/accounts/preferences.ts'
import { INTERNAL_COMMENTS } from '#modules/activities/permissions.ts'
import { enabledModules } from '#modules/projects/modules.ts'
import { Project } from '#modules/projects/projects.ts'

/** Settings have sizes in KiB, the API in bytes. */
const KIBIBYTE = 1024

const configuration = async (context: Context, path = context.path) => {
  const { settings, viewer, files } = context
  return {
    _type: 'Configuration',
    maximumAttachmentFileSize: settings.attachment_max_size * KIBIBYTE,
    maximumAPIV3PageSize: settings.apiv3_max_page_size,
    perPageOptions: settings.per_page_options,
    dateFormat: settings.date_format,
    timeFormat: settings.time_format,
    durationFormat: settings.duration_format,
    userDefaultTimezone: settings.user_default_timezone,
    startOfWeek: settings.start_of_week,
    hoursPerDay: settings.hours_per_day,
    daysPerMonth: settings.days_per_month,
    hostName: settings.host_name,
    activeFeatureFlags: [],
    availableFeatures: [],
    triallingFeatures: [],
    allowedLinkProtocols: [],
    attachmentWhitelist: settings.attachment_whitelist,
    _embedded: { userPreferences: await single(context, context.model.of(UserPreferences), viewer.row) },
    _links: {
      self: { href: path },
      userPreferences: { href: hrefOf(UserPreferences, viewer.row) },
      ...(files.direct && { prepareAttachment: { href: '/api/v3/attachments/prepare', method: 'post' } }),
    },
  }
}

const viewConfiguration = operation({
  method: 'GET',
  path: '/configuration',
  summary: 'View the configuration',
  description:
    'Returns the settings of the instance that clients need: limits, formats of dates and times, working hours. Embeds the caller’s preferences.',
  tag: 'Configuration',
  answers: { status: 200, of: 'Configuration', as: 'single' },
  run: async ({ context }) => ok(await configuration(context)),
})

const viewProjectConfiguration = operation({
  method: 'GET',
  path: '/projects/:id/configuration',
  summary: 'View the configuration for a project',
  description:
    'Returns the settings of `/api/v3/configuration`, and those of the project: whether internal comments are enabled.',
  tag: 'Configuration',
  answers: { status: 200, of: 'ProjectConfiguration', as: 'single' },
  run: async ({ context, params }) => {
    const project = await rowAt(params.id, context.model.of(Project), context)
    const path = `/api/v3/projects/${project.id}/configuration`
    const modules = (await enabledModules(context)).get(project.id)
    return ok({ ...(await configuration(context, path)), enabledInternalComments: modules?.has(INTERNAL_COMMENTS) ?? false })
  },
})

export const operations: readonly Operation[] = [viewConfiguration, viewProjectConfiguration]
