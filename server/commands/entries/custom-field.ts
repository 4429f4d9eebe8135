/** `halyard custom-field`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../custom-field.ts')

export const customField: Commands = {
  'custom-field list': {
    meaning: 'list the custom fields',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listFields(invocation),
  },
  'custom-field create': {
    meaning: 'add a custom field to work packages or another resource',
    words: ['RESOURCE', 'NAME', 'FORMAT'],
    options: DATABASE,
    json: true,
    flags: {
      options: { value: 'S,M,L', meaning: 'options of a list' },
      items: { value: 'Europe/Spain,…', meaning: 'items of a hierarchy' },
      default: { value: 'VALUE', meaning: 'value of new rows' },
      formula: { value: 'FORMULA', meaning: 'formula of a calculated value' },
      section: { value: 'HEADING', meaning: 'section of the attributes of projects' },
      pattern: { value: 'REGEXP', meaning: 'regular expression (RE2) that values satisfy' },
      'min-length': { value: 'N', meaning: 'least number of characters' },
      'max-length': { value: 'N', meaning: 'greatest number of characters' },
      projects: { value: 'IDENTIFIER,…', meaning: 'the only projects that have it' },
      types: { value: 'NAME,…', meaning: 'types of work packages that have it' },
      required: { meaning: 'a value is required' },
      multiple: { meaning: 'a row may have several values' },
      searchable: { meaning: 'searches look at its values' },
      'admin-only': { meaning: 'only administrators see it' },
    },
    run: async (invocation) => (await load()).createField(invocation),
  },
  'custom-field remove': {
    meaning: 'remove a custom field and all its values',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).deleteField(invocation),
  },
}
