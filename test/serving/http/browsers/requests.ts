/** Helpers of the tests of host names and origins: requests with any header, and what browsers send. */
import http, { type IncomingHttpHeaders } from 'node:http'

export const SHOP = 'https://shop.example'
export const ALLOWED = { EARSHOT_ALLOWED_ORIGINS: `${SHOP},http://localhost:3000` }
export const SHARED = ['/v1/transcriptions', '/v1/audio/transcriptions', '/v1/search', '/v1/feedback', '/v1/labels']
export const CROSS_SITE = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }
export const VISIT = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

export interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly message: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Any header may be set, `Host` too. */
export function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer | string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method, headers, path }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => {
        const { error } = (text.startsWith('{') ? JSON.parse(text) : {}) as {
          error?: { code: string; message: string }
        }
        resolve({ status: answer.statusCode!, code: error?.code, message: error?.message, headers: answer.headers })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
