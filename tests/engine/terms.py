"""Room: tests.engine.terms. Forty names and terms with a sentence for each, and two hundred that nobody says. Words only."""

# What a team would put on its list, each with a sentence in which flite says it.
SPOKEN = {
    "Kubernetes": "we moved the whole system to Kubernetes last summer",
    "Kaliningrad": "the ship will arrive in Kaliningrad on Tuesday",
    "IPO": "the bank is preparing the IPO for next year",
    "acetylsalicylic": "the doctor gave him acetylsalicylic acid for the pain",
    "Mississippi": "they sailed down the Mississippi in the spring",
    "Zanzibar": "she wants to visit Zanzibar with her family",
    "Kyrgyzstan": "our partner comes from Kyrgyzstan and speaks Russian",
    "ibuprofen": "please take ibuprofen after dinner",
    "paracetamol": "the nurse recommends paracetamol twice a day",
    "Terraform": "all the servers are described in Terraform files",
    "PostgreSQL": "the old data is kept in PostgreSQL since last week",
    "Nginx": "the web server is called Nginx and it is fast",
    "Grafana": "you can see the numbers in Grafana every morning",
    "Prometheus": "the alarms are sent by Prometheus at night",
    "GitHub": "you will find the program on GitHub in the evening",
    "Ansible": "the new machines are prepared with Ansible in a minute",
    "Elasticsearch": "the search is built on Elasticsearch at the moment",
    "Bitcoin": "he bought a little Bitcoin many years ago",
    "JavaScript": "the page is written in JavaScript by a student",
    "Tchaikovsky": "the concert began with Tchaikovsky and ended with Mozart",
    "SharePoint": "please put the report into SharePoint before lunch",
    "Nietzsche": "the lecture about Nietzsche is on Friday",
    "Chromebook": "every child will get a Chromebook in September",
    "Ramachandran": "the meeting was opened by Ramachandran at noon",
    "Okonkwo": "please send the letter to Okonkwo before lunch",
    "SoundCloud": "you can hear the song on SoundCloud tomorrow",
    "Szczecin": "the train to Szczecin leaves in an hour",
    "Ouagadougou": "the conference takes place in Ouagadougou in October",
    "WordPress": "our shop is made with WordPress and looks nice",
    "Dropbox": "the pictures are kept in Dropbox for a year",
    "QuickBooks": "all the bills are written in QuickBooks every month",
    "amoxicillin": "the child was treated with amoxicillin for a week",
    "metformin": "he has been taking metformin since his birthday",
    "tachycardia": "the patient was sent home without tachycardia or fever",
    "cholecystectomy": "the surgeon planned a cholecystectomy for Monday",
    "EBITDA": "the EBITDA was better than last year",
    "GDPR": "the lawyer explained the GDPR to the team",
    "LLVM": "the compiler is based on LLVM and works well",
    "Raspberry Pi": "the sensor is connected to a Raspberry Pi in the garden",
    "Visual Studio": "most of us write our programs in Visual Studio these days",
}  # fmt: skip

# How a team writes down what is not said as it is spelled.
SOUNDS = {
    "IPO": "I P O",
    "EBITDA": "ebit dah",
    "GDPR": "G D P R",
    "LLVM": "L L V M",
    "Nginx": "engine x",
    "PostgreSQL": "postgres Q L",
    "Szczecin": "shchetsin",
    "Nietzsche": "neecha",
    "Tchaikovsky": "chaikovsky",
    "Chromebook": "every child will get a Chromebook in September",
}

# Two hundred names and terms that none of the recordings holds.
_ABSENT = """
Abidjan acetaminophen Addis-Ababa adenocarcinoma Airbnb Alibaba Almaty Amazonas Amitriptyline Anaconda Andromeda Angular
Antananarivo Apache Arduino Asunción Atorvastatin Azerbaijan Bangladesh Barcelona Beethoven Belgrade Bangalore Bluetooth
Bogotá Bootstrap Botswana Bratislava Brezhnev Bucharest Budapest Burkina Cabernet Caracas Cassandra CentOS Chardonnay
Chihuahua Chisinau Cholesterol Chrysler Cisco Clickhouse Cloudflare Confluence Copenhagen Cypress Databricks Debian
Deutschland Diclofenac Django Docker Dubrovnik Duolingo Dvorak Eclipse Edinburgh Eindhoven Electrolux Erlang Ethereum
Excalibur Fahrenheit Fibonacci Firebase Flamenco Fluoxetine Fukushima Gabapentin Galapagos Gdansk Genentech Gewurztraminer
Gibraltar Gigabit Glyphosate Goethe Gorbachev Gothenburg Guatemala Guggenheim Hadoop Heidelberg Helsinki Hemoglobin
Hibernate Himalaya Hiroshima Honduras Huawei Hydrochlorothiazide Hyderabad Immanuel Indonesia Innsbruck Instagram Istanbul
Jakarta Jekaterinburg Jupyter Kafka Kandinsky Karlsruhe Kazakhstan Keynesian Kierkegaard Kilimanjaro Kotlin Krakow
Kubeflow Kurosawa Kyoto Lamborghini Laplace Laravel Lausanne Leverkusen LinkedIn Lisinopril Ljubljana Lufthansa Luxembourg
Macchiato Madagascar Magdeburg Mahabharata MariaDB Marrakesh Melatonin Memcached Metallica Mitsubishi Mogadishu Montenegro
Montevideo Mozambique Mussorgsky Nagasaki Nairobi Napoleon Netflix Netherlands Nicaragua Nokia Nottingham Omeprazole
OpenShift Ouzo Oxycodone Pakistan Palestrina Pantoprazole Papua Paraguay Penicillin Philadelphia Photoshop Pinochet
Playwright Podgorica Prednisolone Pyongyang Quetzalcoatl RabbitMQ Rachmaninoff Ravensburg Rembrandt Rosenberg Rotterdam
Saarbrücken Salesforce Samarkand Sarajevo Scandinavia Schopenhauer Sertraline Shostakovich Simvastatin Skopje SolarWinds
Spinoza Splunk Srebrenica Stockholm Stradivarius Stravinsky Swaziland TensorFlow Tegucigalpa Thessaloniki Tiramisu Tirana
Uzbekistan Valsartan Venezuela Versailles Vladivostok Volkswagen Wittgenstein Yamaha Yokohama Zimbabwe Zoloft Zurich
"""
ABSENT = tuple(_ABSENT.split())
