/** What the instance says of itself, as the description of the API tells it. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const strings = (description: string) => ({ type: 'array', items: { type: 'string' }, description })

const settings = {
  maximumAttachmentFileSize: { type: 'integer', description: 'How many bytes a file may have that is attached.' },
  maximumAPIV3PageSize: { type: 'integer', description: 'How many elements a page may have.' },
  perPageOptions: {
    type: 'array',
    items: { type: 'integer' },
    description: 'The sizes of pages that people are offered. The smallest is that of a page where none is asked for.',
  },
  dateFormat: { type: ['string', 'null'], description: 'How dates are shown; null: as the language has it.' },
  timeFormat: { type: ['string', 'null'], description: 'How times are shown; null: as the language has it.' },
  durationFormat: { type: 'string', description: 'How durations are shown: in hours only, or in days and hours.' },
  userDefaultTimezone: { type: ['string', 'null'], description: 'The time zone of whoever has chosen none.' },
  startOfWeek: {
    type: ['integer', 'null'],
    description: 'The day that weeks begin with, 1 for Monday; null: as the language has it.',
  },
  hoursPerDay: { type: 'number', description: 'How many hours make a day of work.' },
  daysPerMonth: { type: 'number', description: 'How many days make a month of work.' },
  hostName: { type: 'string', description: 'The host, with its port, that people reach the instance by.' },
  activeFeatureFlags: strings('Always empty: nothing here is hidden behind a flag.'),
  availableFeatures: strings('Always empty: nothing here has to be paid for.'),
  triallingFeatures: strings('Always empty.'),
  allowedLinkProtocols: strings('Protocols that links in texts may have besides the usual ones.'),
  attachmentWhitelist: strings('The types of files that may be attached; all where it is empty.'),
  _embedded: { type: 'object', properties: { userPreferences: ref('UserPreferences') } },
}

const links = {
  userPreferences: ref('Link', 'How the caller wants to use the instance.'),
  prepareAttachment: ref('PostLink', 'Where direct uploads are prepared. Absent where files lie in no store that clients reach.'),
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
    description: 'Where everything begins. Links that the caller has no use for are left out.',
    schema: hal(
      'Root',
      {
        instanceName: { type: 'string', description: 'What the instance is called.' },
        coreVersion: { type: 'string', description: 'The release of OpenProject whose API is spoken. For administrators.' },
      },
      {
        configuration: ref('Link', 'What a client has to know of the instance.'),
        memberships: ref('Link', 'Who is in which project. For those who see members somewhere.'),
        priorities: ref('Link', 'How urgent work can be.'),
        relations: ref('Link', 'What work packages have to do with each other.'),
        statuses: ref('Link', 'How far work can have come.'),
        time_entries: ref('Link', 'Time that was spent.'),
        types: ref('Link', 'What kinds of work there are.'),
        user: ref('Link', 'The caller, unless anonymous.'),
        userPreferences: ref('Link', 'How the caller wants to use the instance.'),
        workPackages: ref('Link', 'What has to be done.'),
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
    description: 'The settings of the instance that clients have to know.',
    schema: hal('Configuration', settings, links),
    example,
  },

  ProjectConfiguration: {
    description: 'The settings of the instance, and what depends on a project.',
    schema: hal(
      'Configuration',
      {
        ...settings,
        enabledInternalComments: { type: 'boolean', description: 'Whether there are internal comments in the project.' },
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
