/**
 * Sixty phrases of voice search: what a synthesizer says, and how people type it. `{a|b}` in the typed text lists
 * spellings that count as right.
 */

export interface VoicePhrase {
  readonly said: string
  readonly typed: string
}

/** One line each: said = typed. The text said is typed as it is where there is no sign of equality. */
const LINES = `
  set an alarm for seven thirty a m tomorrow = set an alarm for 7:30 {a.m.|am|AM} tomorrow
  wake me up at six a m = wake me up at 6 {a.m.|am|AM}
  remind me at five p m to call my mother = remind me at 5 {p.m.|pm|PM} to call my mother
  set a timer for ten minutes = set a timer for 10 minutes
  set a timer for twenty five minutes = set a timer for 25 minutes
  set a timer for ninety seconds = set a timer for 90 seconds
  the meeting is at three fifteen p m = the meeting is at 3:15 {p.m.|pm|PM}
  movies after nine p m tonight = movies after 9 {p.m.|pm|PM} tonight
  what time is it in Tokyo
  what's the weather tomorrow
  what's the weather like tonight in Boston
  will it rain today
  is anyone open late tonight
  does anybody deliver pizza today
  show me everything on sale today
  is there anything to do tonight
  headphones under fifty dollars = headphones under $50
  running shoes under one hundred dollars = running shoes under $100
  flights to Chicago under three hundred dollars = flights to Chicago under $300
  laptops between five hundred and eight hundred dollars = laptops between {500|$500} and $800
  how much is twenty euros in dollars = how much is {€20|20 euros} in dollars
  gift cards for twenty five dollars and fifty cents = gift cards for $25.50
  what is fifteen percent of eighty = what is {15%|15 percent} of 80
  jackets with twenty percent off = jackets with {20%|20 percent} off
  fifty percent discount on shoes = {50%|50 percent} discount on shoes
  play jazz on TV = play jazz on {TV|the TV}
  play the news on BBC = play the news on {BBC|the BBC}
  directions to JFK airport = directions to JFK airport
  cheap USB cables = cheap USB cables
  a DVD player with a remote = a DVD player with a remote
  where is the nearest ATM = where is the nearest ATM
  convert this file to PDF = convert this file to PDF
  latest NBA scores = latest NBA scores
  flights from LAX to the UK = flights from LAX to the {UK|U.K.}
  call Doctor Smith = call {Dr. Smith|Dr Smith|Doctor Smith}
  call John Miller on his mobile
  call one eight hundred five five five one two one two = call {1-800-555-1212|18005551212|1 800 555 1212}
  call five five five zero one nine nine = call {555-0199|5550199}
  my zip code is nine zero two one zero = my zip code is 90210
  track order four seven one one two three = track order 471123
  directions to room two oh four = directions to room 204
  the code is four two seven nine = the code is 4279
  when is the first of May = when is the {1st|first} of May
  concerts on May twenty first = concerts on May {21st|21}
  the twenty third of December = the 23rd of December
  hits of the nineteen eighties = hits of the 1980s
  who was president in nineteen sixty three = who was president in 1963
  songs from two thousand and five = songs from 2005
  best movies of twenty twenty four = best movies of 2024
  a table for four at eight = a table for {4|four} at {8|eight}
  no one answered the phone
  one of them is broken
  find a hotel with three stars = find a hotel with {3|three} stars
  restaurants within two miles = restaurants within {2|two} miles
  how many ounces are in two point five pounds = how many ounces are in 2.5 pounds
  drive to twelve forty five Main Street = drive to 1245 Main Street
  take route sixty six = take {route|Route} 66
  turn the volume up to thirty percent = turn the volume up to {30%|30 percent}
  a phone with two hundred fifty six gigabytes = a phone with 256 {gigabytes|GB}
  goodbye
`

export const PHRASES = readPhrases(LINES)

export function readPhrases(lines: string): VoicePhrase[] {
  return lines.trim().split('\n').map((line) => {
    const [said = '', typed = said] = line.trim().split(' = ')
    return { said, typed }
  })
}

/** All spellings that count as right. */
export function spellingsOf(typed: string): string[] {
  const choice = /\{([^{}]*)\}/.exec(typed)
  if (choice === null) return [typed]
  const [all, options = ''] = choice
  return options.split('|').flatMap((option) => spellingsOf(typed.replace(all, option)))
}
