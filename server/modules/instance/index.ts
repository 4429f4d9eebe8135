/** Resources of the whole instance: root, configuration, rendering, examples. */
import { module } from '#kernel/module.ts'
import { bodies } from './bodies.ts'
import { operations as configurationOperations } from './configuration.ts'
import { Example, operations as examplesOperations } from './examples.ts'
import { permissions } from './permissions.ts'
import { operations as renderOperations } from './render.ts'
import { operations as rootOperations } from './root.ts'

export const instance = module('instance', {
  needs: ['work-packages'],
  chapters: [
    {
      part: 'The instance',
      name: 'Root and configuration',
      description: 'The entry point of the API, and settings of the instance for clients.',
      of: ['Root', 'Configuration'],
    },
    { part: 'The instance', name: 'Rendering', description: 'Previews of texts as HTML.', of: ['Render'] },
    {
      part: 'The instance',
      name: 'Examples',
      description: 'Example schemas, forms and aggregated lists of an invented resource.',
      of: ['Example'],
    },
  ],
  bodies,
  permissions,
  resources: [Example],
  operations: [...rootOperations, ...configurationOperations, ...renderOperations, ...examplesOperations],
})
