/** How long deleted names can be recovered, where nobody says otherwise. */
export const RECOVERY_DAYS = 30;
