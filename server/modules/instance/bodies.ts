/** Root and configuration, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const strings = (description: string) => ({ type: 'array', items: { type: 'string' }, description })

const settings = {
  maximumAttachmentFileSize: { type: 'integer', description: 'Maximum size of an attachment in bytes.' },
  maximumAPIV3PageSize: { type: 'integer', description: 'Maximum number of elements on a page.' },
  perPageOptions: {
    type: 'array',
    items: { type: 'integer' },
    description: 'Page sizes offered to users. The smallest is the default page size.',
  },
  dateFormat: { type: ['string', 'null'], description: 'Date format; null: the format of the language.' },
  timeFormat: { type: ['string', 'null'], description: 'Time format; null: the format of the language.' },
  durationFormat: { type: 'string', description: 'Duration format: hours only, or days and hours.' },
  userDefaultTimezone: { type: ['string', 'null'], description: 'Default time zone of users.' },
  startOfWeek: {
    type: ['integer', 'null'],
    description: 'First day of the week, 1 for Monday; null: the one of the language.',
  },
  hoursPerDay: { type: 'number', description: 'Number of working hours in a day.' },
  daysPerMonth: { type: 'number', description: 'Number of working days in a month.' },
  hostName: { type: 'string', description: 'Host name of the instance, with its port.' },
  activeFeatureFlags: strings('Always empty: nothing here is hidden behind a flag.'),
  availableFeatures: strings('Always empty: nothing here has to be paid for.'),
  triallingFeatures: strings('Always empty.'),
  allowedLinkProtocols: strings('Protocols that links in texts may have besides the usual ones.'),
  attachmentWhitelist: strings('The types of files that may be attached; all where it is empty.'),
  _embedded: { type: 'object', properties: { userPreferences: ref('UserPreferences') } },
}

const links = {
  userPreferences: ref('Link', 'Preferences of the caller.'),
  prepareAttachment: ref('PostLink', 'Prepares a direct upload. Absent where clients cannot reach the file store.'),
}

const example = {
  _type: 'Configuration',
  maximumAttachmentFileSize: 5242880,
  maximumAPIV3PageSize: 1000,
  perPageOptions: [20, 100],
  dateFormat: '%Y-%m-%d',
  timeFormat: '%H:%M',
  startOfWeek: 1,
  hoursPerDay: 8,
  daysPerMonth: 20,
  hostName: 'pm.example.org',
  _links: { self: { href: '/api/v3/configuration' }, userPreferences: { href: '/api/v3/users/5/preferences' } },
}

export const bodies: Readonly<Record<string, BodyType>> = {
  Root: {
    description: 'The entry point of the API. Links that the caller may not use are absent.',
    schema: hal(
      'Root',
      {
        instanceName: { type: 'string', description: 'Name of the instance.' },
        coreVersion: {
          type: 'string',
          description: 'The OpenProject release that the API is compatible with. For administrators.',
        },
      },
      {
        configuration: ref('Link', 'Settings of the instance for clients.'),
        memberships: ref('Link', 'Memberships. Present if the caller may see members of any project.'),
        priorities: ref('Link', 'Priorities.'),
        relations: ref('Link', 'Relations of work packages.'),
        statuses: ref('Link', 'Statuses.'),
        time_entries: ref('Link', 'Time entries.'),
        types: ref('Link', 'Types.'),
        user: ref('Link', 'The caller, unless anonymous.'),
        userPreferences: ref('Link', 'Preferences of the caller.'),
        workPackages: ref('Link', 'Work packages.'),
      },
    ),
    example: {
      _type: 'Root',
      instanceName: 'Shipyard',
      _links: {
        self: { href: '/api/v3' },
        configuration: { href: '/api/v3/configuration' },
        user: { href: '/api/v3/users/5', title: 'Vera Example' },
        workPackages: { href: '/api/v3/work_packages' },
      },
    },
  },

  Configuration: {
    description: 'Settings of the instance for clients.',
    schema: hal('Configuration', settings, links),
    example,
  },

  ProjectConfiguration: {
    description: 'Settings of the instance, and those of a project.',
    schema: hal(
      'Configuration',
      {
        ...settings,
        enabledInternalComments: { type: 'boolean', description: 'Whether internal comments are enabled in the project.' },
      },
      links,
    ),
    example: {
      ...example,
      enabledInternalComments: true,
      _links: { self: { href: '/api/v3/projects/3/configuration' }, userPreferences: { href: '/api/v3/users/5/preferences' } },
    },
  },
}
