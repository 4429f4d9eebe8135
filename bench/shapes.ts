/** The shapes of the data: how many projects the work packages are in, and how many of these the viewer is a member of. */

export interface Shape {
  readonly meaning: string
  /** Number of projects for a number of work packages. */
  projects(size: number): number
  /** Number of projects that the viewer is a member of. */
  viewed(projects: number): number
}

export const shapes = {
  many: {
    meaning: '50 work packages in a project, a viewer who is a member of 40 projects',
    projects: (size) => size / 50,
    viewed: () => 40,
  },
  few: {
    meaning: '2,000 work packages in a project (10 to 200 projects), a viewer who is a member of two thirds of them',
    projects: (size) => Math.min(200, Math.max(10, Math.round(size / 2000))),
    viewed: (projects) => Math.round(projects * 0.68),
  },
} as const satisfies Record<string, Shape>

export type ShapeName = keyof typeof shapes
export const shapeNames = Object.keys(shapes) as ShapeName[]
