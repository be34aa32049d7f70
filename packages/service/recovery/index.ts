export { type Moment, momentOf, type MomentQuery } from "./moment.ts";
