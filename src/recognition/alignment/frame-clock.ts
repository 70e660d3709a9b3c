/** When the frames of an encoder lie, in seconds from the start of the waveform. */
export interface FrameClock {
  /** Middle of the first frame. */
  readonly firstSeconds: number
  /** From one frame to the next. */
  readonly stepSeconds: number
}
