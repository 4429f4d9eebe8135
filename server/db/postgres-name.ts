/** The name of the connections of Halyard's processes, by which they find each other. Apart from the driver, which is loaded late. */
export const APPLICATION = 'halyard'
