/**
 * Spoken queries in four languages that mean the same: patterns with places for a city, a shop, a person and a number.
 * Their words are put in so that no ending has to change.
 */
export const LANGUAGES = ['en', 'de', 'fi', 'pl'] as const
export type Language = (typeof LANGUAGES)[number]

interface Phrases {
  readonly patterns: readonly string[]
  readonly cities: readonly string[]
  readonly shops: readonly string[]
  readonly people: readonly string[]
  readonly numbers: readonly string[]
}

const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    patterns: [
      'Where is the nearest {shop}?', 'What is the weather in {city} tomorrow?', 'Call {person} at home.', 'Set a timer for {number} minutes.',
      'How late is the {shop} open today?', 'Show me the way to {city}.', 'Find a cheap flight to {city}.', 'Write to {person} that I am late.',
      'Turn the heating to {number} degrees.', 'When does the next train leave for {city}?', 'Play the new song by {person}.', 'How far is it to the {shop}?',
    ],
    cities: ['London', 'Berlin', 'Warsaw', 'Helsinki', 'Madrid', 'Paris', 'Vienna', 'Hamburg', 'Oslo', 'Rome'],
    shops: ['supermarket', 'pharmacy', 'bakery', 'gas station', 'hotel', 'restaurant', 'museum', 'bank'],
    people: ['Anna', 'Peter', 'Maria', 'Thomas', 'Laura', 'Robert', 'Emma', 'Martin'],
    numbers: ['five', 'twelve', 'twenty', 'thirty', 'eighteen', 'seven', 'fifteen', 'nine'],
  },
  de: {
    patterns: [
      'Wie komme ich hier am schnellsten hin: {shop}?', 'Wie wird morgen das Wetter in {city}?', 'Ruf bitte {person} zu Hause an.', 'Stell einen Wecker auf {number} Minuten.',
      'Wie lange ist heute geöffnet: {shop}?', 'Zeig mir den Weg nach {city}.', 'Such einen billigen Flug nach {city}.', 'Schreib {person}, dass ich später komme.',
      'Dreh die Heizung auf {number} Grad.', 'Wann fährt der nächste Zug nach {city}?', 'Spiel das neue Lied von {person}.', 'Wie weit ist es noch: {shop}?',
    ],
    cities: ['London', 'Berlin', 'Warschau', 'Helsinki', 'Madrid', 'Paris', 'Wien', 'Hamburg', 'Oslo', 'Rom'],
    shops: ['Supermarkt', 'Apotheke', 'Bäckerei', 'Tankstelle', 'Hotel', 'Gaststätte', 'Museum', 'Sparkasse'],
    people: ['Anna', 'Peter', 'Maria', 'Thomas', 'Laura', 'Robert', 'Emma', 'Martin'],
    numbers: ['fünf', 'zwölf', 'zwanzig', 'dreißig', 'achtzehn', 'sieben', 'fünfzehn', 'neun'],
  },
  fi: {
    patterns: [
      'Missä on lähin {shop}?', 'Millainen sää on huomenna, {city}?', 'Soita heti kotiin, {person} odottaa.', 'Aseta ajastin, {number} minuuttia.',
      'Kuinka myöhään on auki {shop}?', 'Näytä minulle reitti, määränpää {city}.', 'Etsi halpa lento, kohde {city}.', 'Kirjoita viesti, {person}, olen myöhässä.',
      'Säädä lämmitys, {number} astetta.', 'Milloin lähtee seuraava juna, {city}?', 'Soita uusi kappale, esittäjä {person}.', 'Kuinka kaukana on {shop}?',
    ],
    cities: ['Lontoo', 'Berliini', 'Varsova', 'Helsinki', 'Madrid', 'Pariisi', 'Wien', 'Hampuri', 'Oslo', 'Rooma'],
    shops: ['ruokakauppa', 'apteekki', 'leipomo', 'huoltoasema', 'hotelli', 'ravintola', 'museo', 'pankki'],
    people: ['Anna', 'Pekka', 'Maria', 'Tuomas', 'Laura', 'Risto', 'Emma', 'Martti'],
    numbers: ['viisi', 'kaksitoista', 'kaksikymmentä', 'kolmekymmentä', 'kahdeksantoista', 'seitsemän', 'viisitoista', 'yhdeksän'],
  },
  pl: {
    patterns: [
      'Gdzie jest najbliższy {shop}?', 'Jaka będzie jutro pogoda, {city}?', 'Zadzwoń do domu, niech odbierze {person}.', 'Nastaw budzik, minut {number}.',
      'Do której dzisiaj otwarty jest {shop}?', 'Pokaż mi drogę do miasta {city}.', 'Znajdź tani lot do miasta {city}.', 'Napisz, że się spóźnię, adresat {person}.',
      'Ustaw ogrzewanie, stopni {number}.', 'Kiedy odjeżdża następny pociąg, kierunek {city}?', 'Zagraj nową piosenkę, śpiewa {person}.', 'Jak daleko jest stąd {shop}?',
    ],
    cities: ['Londyn', 'Berlin', 'Warszawa', 'Helsinki', 'Madryt', 'Paryż', 'Wiedeń', 'Hamburg', 'Oslo', 'Rzym'],
    shops: ['sklep', 'szpital', 'dworzec', 'parking', 'hotel', 'bar', 'bankomat', 'bank'],
    people: ['Anna', 'Piotr', 'Maria', 'Tomasz', 'Laura', 'Robert', 'Ewa', 'Marcin'],
    numbers: ['pięć', 'dwanaście', 'dwadzieścia', 'trzydzieści', 'osiemnaście', 'siedem', 'piętnaście', 'dziewięć'],
  },
}

/** The same draws say the same in every language, as far as it has the words. */
export function sentence(language: Language, random: () => number): string {
  const { patterns, cities, shops, people, numbers } = PHRASES[language]
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)]!
  const pattern = pick(patterns)
  const [city, shop, person, number] = [cities, shops, people, numbers].map(pick)
  return pattern.replace('{city}', city!).replace('{shop}', shop!).replace('{person}', person!).replace('{number}', number!)
}
