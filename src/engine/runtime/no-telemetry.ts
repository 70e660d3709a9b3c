/**
 * Telemetry of ONNX Runtime is off. The published library for Linux sends usage to its vendor, with a device id and a
 * database of events under the home directory, unless this variable is in the environment of the process when the
 * library is loaded. Imports are evaluated in the order in which they stand, so `session.ts` imports this file first;
 * Node hands the assignment on to the C library, where the native code reads it.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'
