/**
 * Disables the telemetry of ONNX Runtime. The published library for Linux sends usage data to its vendor, with a device
 * id and a database of events under the home directory, unless this variable is in the environment of the process when
 * the library is loaded. Imports are evaluated in order, so `session.ts` imports this file first; Node passes the
 * assignment to the C library, where the native code reads it.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'
