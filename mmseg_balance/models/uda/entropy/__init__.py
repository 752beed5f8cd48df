"""Self-information of predictions, and its class weights."""
