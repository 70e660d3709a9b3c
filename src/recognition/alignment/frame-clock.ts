/** Times of the frames of an encoder, in seconds from the start of the waveform. */
export interface FrameClock {
  /** Centre of the first frame. */
  readonly firstSeconds: number
  /** From one frame to the next. */
  readonly stepSeconds: number
}
