/** Sets a role's weight in fair sharing, in thousandths: 1000 is the default and removes the record. */
export interface RoleWeight {
  readonly kind: 'role-weight';
  readonly role: string;
  readonly weightMilli: number;
}

export type RoleCommand = RoleWeight;

export interface RolesView {
  weightMilli(role: string): number;
  /** Roles with a weight of their own, sorted by name. */
  list(): { readonly role: string; readonly weightMilli: number }[];
}
