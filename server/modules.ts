/** All parts of the product, in order. A resource exists because its file is named here. */
import '#modules/work-packages/priorities.ts'
