/** Grids of widgets: users' own pages, overviews and boards of projects. */
import { module } from '#kernel/module.ts'
import { grids as tables } from './0043-grids.ts'
import { bodies } from './bodies.ts'
import { demo } from './demo.ts'
import { Grid } from './grids.ts'

export const grids = module('grids', {
  needs: ['projects', 'queries', 'files'],
  chapters: [
    {
      part: 'Projects',
      name: 'Grids',
      description: 'Widgets on pages: the page of each user, the overviews of projects, and their boards.',
      of: ['Grid'],
    },
  ],
  bodies,
  migrations: [tables],
  resources: [Grid],
  demo,
})
