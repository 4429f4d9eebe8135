/** Choices of list fields. */
import { resource } from '#kernel/resource.ts'
import { within } from '#kernel/rules.ts'
import { SEEN_FIELDS } from './definitions.ts'

export const CustomOption = resource('CustomOption', 'custom_options', ({ text, integer }) => ({
  path: 'custom_options',
  description: 'A choice of a custom field that is a list.',
  glossary: {
    value: 'What people read.',
  },
  example: { id: 14, value: 'Oak' },
  title: 'value',
  held: 'all',
  order: { column: 'position' },
  visible: within(SEEN_FIELDS, 'custom_field_id'),
  properties: { id: integer(), value: text() },
  operations: ['show'],
}))
