"""Tables, charts and pictures as HTML, whatever they show."""
