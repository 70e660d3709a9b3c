/** How positions that do not exist are kept out of attention: what the graphs and those that feed them agree on. */

/** Added to the score of a position that does not exist. */
export const NOWHERE = -1e30
/**
 * Positions are filled up to a multiple of this. The sums of an attention are then the same bit for bit, however many
 * positions without weight follow: no sequence is changed by a longer one in its batch.
 */
export const POSITIONS_MULTIPLE = 16
